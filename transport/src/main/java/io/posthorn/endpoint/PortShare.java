package io.posthorn.endpoint;

import io.posthorn.protocol.handshake.StaticKey;

/**
 * What makes an endpoint one of several at one port that peers take for one: which of them it is,
 * and what they have in common.
 *
 * @param choice which packets are this endpoint's
 * @param key a copy of the key pair that stands for all of them where the options' security has no
 *     identity; this endpoint's to erase
 * @param instanceId tells this run of the socket from the one before
 */
public record PortShare(SocketChoice choice, StaticKey key, long instanceId) {}
