package io.posthorn.io;

import io.posthorn.EcnMark;
import io.posthorn.endpoint.TransmitBatch;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * The sending half of {@link LinuxDatagramPort}: a run of datagrams leaves in one {@code sendmsg}
 * with {@code UDP_SEGMENT}, or one by one where the system refuses that. Every struct lies in one
 * direct buffer made at the start; no call makes an object. Not thread-safe.
 */
final class LinuxSender {
  // Where each struct lies in the buffer.
  private static final int HEADER = 0;
  private static final int VECTOR = 64;
  private static final int CONTROL = 120;
  private static final int SEGMENT = 144;
  private static final int NAME = 168;
  private static final int STRUCTS_BYTES = NAME + SocketAddresses.MAX_BYTES;

  /** Of either control message, the mark's and the segments'. */
  private static final int CONTROL_BYTES = 24;

  /** Of the control message with the own address, which goes before those that are there. */
  private static final int SOURCE_BYTES = 32;

  private static final int SOURCE6_BYTES = 40;

  /** Calls made again that failed while ICMP messages may fail any; more is a flood of them. */
  private static final int REPETITIONS = 3;

  private final LinuxCalls calls;
  private final LinuxSocket own;
  private final int socket;
  private final SocketAddresses names;
  private final SegmentationSupport segmentation;
  private final PortCounters counters;
  private final ByteBuffer structs =
      ByteBuffer.allocateDirect(STRUCTS_BYTES).order(ByteOrder.nativeOrder());
  private final ByteBuffer slab = ByteBuffer.allocateDirect(DatagramPort.SLAB_BYTES);
  private final long structsAt = LinuxCalls.addressOf(structs);
  private final long slabAt = LinuxCalls.addressOf(slab);

  // The peer whose raw address stands in the header.
  private @Nullable InetSocketAddress namedPeer;
  private int namedBytes;
  private boolean namedIsIpv4;

  /** Where it wrote to, from which the answer leaves; null if the routes are to say. */
  private @Nullable PeerAddress namedSource;

  private boolean someSinglesFailed;

  /**
   * Whether the system takes the ECN field of a datagram from its sender; true until it refused.
   */
  private boolean setsMarks = true;

  LinuxSender(
      LinuxCalls calls,
      LinuxSocket socket,
      SegmentationSupport segmentation,
      PortCounters counters) {
    this.calls = calls;
    this.own = socket;
    this.socket = socket.descriptor();
    this.names = socket.names();
    this.segmentation = segmentation;
    this.counters = counters;
    structs.putLong(HEADER + LinuxCalls.MSG_NAME_AT, structsAt + NAME);
    structs.putLong(HEADER + LinuxCalls.MSG_IOV_AT, structsAt + VECTOR);
    structs.putLong(HEADER + LinuxCalls.MSG_IOVLEN_AT, 1);
    structs.putLong(SEGMENT, LinuxCalls.CMSG_HEADER_BYTES + Short.BYTES);
    structs.putInt(SEGMENT + LinuxCalls.CMSG_LEVEL_AT, LinuxCalls.SOL_UDP);
    structs.putInt(SEGMENT + LinuxCalls.CMSG_TYPE_AT, LinuxCalls.UDP_SEGMENT);
  }

  /** As {@link DatagramPort#send}. */
  int send(TransmitBatch batch, int firstSegment) {
    int segmentBytes = batch.segmentBytes();
    int from = firstSegment * segmentBytes;
    int length = batch.lengthBytes() - from;
    int segments = batch.segments() - firstSegment;
    if (!name(batch.peer())) {
      counters.sendError("the address family is not the socket's", segments);
      return segments;
    }
    slab.put(0, batch.bytes(), from, length);
    EcnMark mark = batch.mark();
    if (segments > 1 && segmentation.sendsRunsOf(segmentBytes)) {
      int error = sendMessage(0, length, segmentBytes, mark);
      if (error == 0) {
        segmentation.onRunSent(segmentBytes);
        return segments;
      }
      if (error == LinuxCalls.EAGAIN) {
        counters.sendBlocked();
        return 0;
      }
      String words = calls.errorText(error);
      if (!SegmentationSupport.mayBeTheRuns(error)) {
        counters.sendError(words, segments);
        return segments;
      }
      int sent = sendSingly(length, segmentBytes, segments, mark);
      if (sent > 0 && !someSinglesFailed) {
        segmentation.onRunRefused(segmentBytes, error, words);
      }
      return sent;
    }
    return sendSingly(length, segmentBytes, segments, mark);
  }

  private int sendSingly(int length, int segmentBytes, int segments, EcnMark mark) {
    someSinglesFailed = false;
    for (int i = 0; i < segments; i++) {
      int at = i * segmentBytes;
      int error = sendMessage(at, Math.min(segmentBytes, length - at), 0, mark);
      if (error == LinuxCalls.EAGAIN) {
        counters.sendBlocked();
        return i;
      }
      if (error != 0) {
        counters.sendError(calls.errorText(error), 1);
        someSinglesFailed = true;
      }
    }
    return segments;
  }

  /** Puts the peer's raw address into the header; false if the socket cannot reach its family. */
  @SuppressWarnings("ReferenceEquality") // an equal one that is another object is written anew
  private boolean name(InetSocketAddress peer) {
    if (peer != namedPeer) {
      namedBytes = names.write(peer, structs, NAME);
      structs.putInt(HEADER + LinuxCalls.MSG_NAMELEN_AT, namedBytes);
      namedPeer = peer;
      namedIsIpv4 = peer.getAddress() instanceof Inet4Address;
      namedSource = sourceFor(peer);
      segmentation.onPeer();
    }
    return namedBytes != 0;
  }

  /** An address that another socket met may be of another family, or none of this one's. */
  private @Nullable PeerAddress sourceFor(InetSocketAddress peer) {
    return own.reportsDestinations()
            && peer instanceof PeerAddress known
            && (own.isIpv6() || SocketAddresses.isMapped(known.localHigh(), known.localLow()))
        ? known
        : null;
  }

  /**
   * Sends a part of the slab; answers errno, 0 if all went well. A system that does not let the ECN
   * field be set is not asked again: the peer will report no mark, and none is expected from then
   * on.
   */
  private int sendMessage(int from, int length, int segmentBytes, EcnMark mark) {
    int field = setsMarks ? mark.codepoint() : 0;
    int error = sendMessage(from, length, segmentBytes, field);
    if (field == 0 || !SegmentationSupport.mayBeTheRuns(error)) {
      return error;
    }
    int unmarked = sendMessage(from, length, segmentBytes, 0);
    setsMarks = unmarked != 0;
    return unmarked;
  }

  /**
   * As above. An address that cannot be sent from, since the machine has it no more or it was that
   * of many, is left to the routes.
   */
  private int sendMessage(int from, int length, int segmentBytes, int ecnField) {
    PeerAddress source = namedSource;
    int error = sendMessage(from, length, segmentBytes, ecnField, source);
    if (source == null || error != LinuxCalls.EINVAL) {
      return error;
    }
    int routed = sendMessage(from, length, segmentBytes, ecnField, null);
    if (routed == 0) {
      namedSource = null; // until the peer is named anew
    }
    return routed;
  }

  private int sendMessage(
      int from, int length, int segmentBytes, int ecnField, @Nullable PeerAddress source) {
    structs.putLong(VECTOR, slabAt + from);
    structs.putLong(VECTOR + LinuxCalls.IOV_LEN_AT, length);
    int control = ecnField == 0 ? SEGMENT : CONTROL;
    if (source != null) {
      control -= own.isIpv6() ? SOURCE6_BYTES : SOURCE_BYTES;
      putSource(control, source);
    }
    int controlEnd = SEGMENT + (segmentBytes == 0 ? 0 : CONTROL_BYTES);
    structs.putLong(HEADER + LinuxCalls.MSG_CONTROL_AT, structsAt + control);
    structs.putLong(HEADER + LinuxCalls.MSG_CONTROLLEN_AT, controlEnd - control);
    structs.putShort(SEGMENT + LinuxCalls.CMSG_HEADER_BYTES, (short) segmentBytes);
    if (ecnField != 0) { // all of it, for a source without a mark lies upon it
      structs.putLong(CONTROL, LinuxCalls.CMSG_HEADER_BYTES + Integer.BYTES);
      structs.putInt(
          CONTROL + LinuxCalls.CMSG_LEVEL_AT,
          namedIsIpv4 ? LinuxCalls.SOL_IP : LinuxCalls.SOL_IPV6);
      structs.putInt(
          CONTROL + LinuxCalls.CMSG_TYPE_AT,
          namedIsIpv4 ? LinuxCalls.IP_TOS : LinuxCalls.IPV6_TCLASS);
      structs.putInt(CONTROL + LinuxCalls.CMSG_HEADER_BYTES, ecnField);
    }
    int error = transmit();
    return mayBeAnothers(error) ? transmitAgain() : error;
  }

  /** Makes the call; answers errno, 0 if all went well. */
  private int transmit() {
    while (calls.send(socket, structsAt + HEADER) < 0) {
      int error = calls.lastError();
      if (error != LinuxCalls.EINTR) {
        return error;
      }
    }
    return 0;
  }

  /**
   * Whether it may be an ICMP message about another datagram that failed a call, which then has
   * sent nothing. None says that there is no room, as EAGAIN and ENOBUFS do; after the latter a
   * part of a run may be gone.
   */
  private boolean mayBeAnothers(int error) {
    return error != 0
        && error != LinuxCalls.EAGAIN
        && error != LinuxCalls.ENOBUFS
        && own.reportsErrors();
  }

  /**
   * Makes the call again, for each message fails but one; and where more come meanwhile than that
   * helps against, once while nobody listens to them: what fails then is this datagram.
   */
  private int transmitAgain() {
    for (int i = 0; i < REPETITIONS; i++) {
      int error = transmit();
      if (!mayBeAnothers(error)) {
        return error;
      }
    }
    own.reportErrors(false);
    int error = transmit();
    own.reportErrors(true);
    return error;
  }

  private void putSource(int at, PeerAddress source) {
    int data = at + LinuxCalls.CMSG_HEADER_BYTES;
    if (own.isIpv6()) {
      structs.putLong(at, LinuxCalls.CMSG_HEADER_BYTES + LinuxCalls.PKTINFO6_BYTES);
      structs.putInt(at + LinuxCalls.CMSG_LEVEL_AT, LinuxCalls.SOL_IPV6);
      structs.putInt(at + LinuxCalls.CMSG_TYPE_AT, LinuxCalls.IPV6_PKTINFO);
      structs.putLong(data, source.localHigh());
      structs.putLong(data + Long.BYTES, source.localLow());
      structs.putInt(data + LinuxCalls.PKTINFO6_INTERFACE_AT, 0);
    } else {
      structs.putLong(at, LinuxCalls.CMSG_HEADER_BYTES + LinuxCalls.PKTINFO_BYTES);
      structs.putInt(at + LinuxCalls.CMSG_LEVEL_AT, LinuxCalls.SOL_IP);
      structs.putInt(at + LinuxCalls.CMSG_TYPE_AT, LinuxCalls.IP_PKTINFO);
      structs.putInt(data, 0);
      structs.putInt(data + LinuxCalls.PKTINFO_OWN_AT, (int) (source.localLow() >>> 32));
    }
  }
}
