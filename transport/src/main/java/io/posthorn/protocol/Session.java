package io.posthorn.protocol;

import io.posthorn.protocol.protection.PacketProtection;
import org.jspecify.annotations.Nullable;

/**
 * What a connection has once its keys are known.
 *
 * @param protection seals and opens its packets
 * @param frames takes the frames of opened packets
 * @param peerInstanceId tells this run of the peer's socket from others
 * @param peerKey its static key; empty in clear
 * @param peerRegistrations fingerprint of what its codec knows; null if it did not tell
 * @param peerApplication what the peer's application says it speaks; from the network
 */
record Session(
    PacketProtection protection,
    FrameDispatcher frames,
    long peerInstanceId,
    byte[] peerKey,
    byte @Nullable [] peerRegistrations,
    String peerApplication) {}
