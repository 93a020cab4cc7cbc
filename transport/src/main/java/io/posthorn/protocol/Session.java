package io.posthorn.protocol;

import io.posthorn.protocol.protection.PacketProtection;

/**
 * What a connection has once its keys are known.
 *
 * @param protection seals and opens its packets
 * @param frames takes the frames of opened packets
 */
record Session(PacketProtection protection, FrameDispatcher frames) {}
