package io.posthorn.io;

import com.sun.jna.Pointer;
import java.util.function.BooleanSupplier;

/** The system's calls, of which chosen ones fail. */
final class RefusingCalls extends LinuxCalls {
  /** What may be refused. */
  enum Call {
    SOCKET,
    SEGMENT_OPTION,
    GRO_OPTION,
    STEERING_OPTION,
    EVENT,
    RUN,
    SINGLE,
    ANY_SEND,
    RECEIVE,
    POLL,
    EVENT_WRITE,
    EVENT_READ
  }

  private final Call refused;
  private final int errno;
  private final BooleanSupplier whether;
  private int forced;
  int refusals;

  RefusingCalls(Call refused, int errno, BooleanSupplier whether) {
    this.refused = refused;
    this.errno = errno;
    this.whether = whether;
  }

  private boolean refuses(boolean isCall) {
    boolean no = isCall && whether.getAsBoolean();
    forced = no ? errno : 0;
    refusals += no ? 1 : 0;
    return no;
  }

  @Override
  int openDatagramSocket(int domain) {
    return refuses(refused == Call.SOCKET) ? -1 : super.openDatagramSocket(domain);
  }

  @Override
  int setOption(int fd, int level, int option, long value, int valueBytes) {
    boolean isCall =
        level == SOL_UDP
            ? (refused == Call.SEGMENT_OPTION && option == UDP_SEGMENT)
                || (refused == Call.GRO_OPTION && option == UDP_GRO)
            : refused == Call.STEERING_OPTION && option == SO_ATTACH_REUSEPORT_CBPF;
    return refuses(isCall) ? -1 : super.setOption(fd, level, option, value, valueBytes);
  }

  @Override
  int openEvent() {
    return refuses(refused == Call.EVENT) ? -1 : super.openEvent();
  }

  @Override
  long send(int fd, long message) {
    boolean isRun = new Pointer(message).getLong(MSG_CONTROLLEN_AT) > 0;
    boolean isCall = refused == Call.ANY_SEND || refused == (isRun ? Call.RUN : Call.SINGLE);
    return refuses(isCall) ? -1 : super.send(fd, message);
  }

  @Override
  long receive(int fd, long message) {
    return refuses(refused == Call.RECEIVE) ? -1 : super.receive(fd, message);
  }

  @Override
  int poll(long pollFds, int count, long timeout) {
    return refuses(refused == Call.POLL) ? -1 : super.poll(pollFds, count, timeout);
  }

  @Override
  boolean raiseEvent(int fd, long eightBytes) {
    return !refuses(refused == Call.EVENT_WRITE) && super.raiseEvent(fd, eightBytes);
  }

  @Override
  boolean drainEvent(int fd, long eightBytes) {
    return !refuses(refused == Call.EVENT_READ) && super.drainEvent(fd, eightBytes);
  }

  @Override
  int lastError() {
    return forced != 0 ? forced : super.lastError();
  }
}
