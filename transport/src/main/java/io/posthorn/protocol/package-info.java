/**
 * One connection: handshake, packet protection, recovery, channels, paths. Sans-IO.
 *
 * <p>To follow one packet, read six files each way. A data packet that comes in:
 *
 * <ol>
 *   <li>{@code PeerConnection.onData}: the door
 *   <li>{@code PacketReceiver}: the order of it all, from the keys to the acknowledgement
 *   <li>{@code protection/AesGcmProtection.open}: header, number, replay window, tag
 *   <li>{@code FrameDispatcher.onChannelData}: called by the reader of frames, for each of them
 *   <li>{@code channel/IncomingChannels.onData}: which channel, and whether there is memory for it
 *   <li>{@code channel/IncomingChannel}: stored, and cut into messages, which a handler is lent
 *       where they lie
 * </ol>
 *
 * <p>Whoever receives without a handler takes them from {@code Inbox}. What goes out begins in two
 * places: {@code Deliveries.sendRun} puts bytes into a channel, and {@code
 * PacketSender.writeDatagram} takes them out when a datagram may leave:
 *
 * <ol>
 *   <li>{@code Deliveries.sendRun}: what the application hands in
 *   <li>{@code PacketSender.writeDatagram}: which datagram is next, and where it goes
 *   <li>{@code PacketAssembler}: whether it may leave, its frames in their order, and its record
 *   <li>{@code channel/OutgoingChannels.writeChannel}: called for the channel whose turn it is by
 *       the rules of {@code ChannelScheduler}, which a single channel does not need
 *   <li>{@code channel/OutgoingChannel}: what is lost comes first, then what is new
 *   <li>{@code protection/AesGcmProtection.seal}
 * </ol>
 *
 * <p>Its acknowledgement comes in by the first way, to {@code FrameDispatcher.onAck}, and {@code
 * recovery/PacketRecovery} tells each {@code FrameSource} what became of its frames. Messages that
 * are not ordered, or that have a receipt, enter by {@code Deliveries.send}.
 */
@NullMarked
package io.posthorn.protocol;

import org.jspecify.annotations.NullMarked;
