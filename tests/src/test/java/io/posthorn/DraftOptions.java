package io.posthorn;

import java.time.Duration;

/** Options of which a test changes some, also to values that the builder refuses. */
public final class DraftOptions {
  public Mode mode;
  public Security security;
  public CongestionControl congestionControl;
  public int maxConnections;
  public Duration idleTimeout;
  public Duration handshakeTimeout;
  public Duration keepAlive;
  public Duration implicitIdle;
  public int sendBufferBytes;
  public int receiveBufferBytes;
  public long socketReceiveBytes;
  public int maxWholeMessageBytes;
  public int maxDatagramBytes;
  public boolean streaming;
  public String application;
  public boolean redundancy;
  public long maxSendBytesPerSecond;
  public ChannelPriorities priorities;

  private DraftOptions(SocketOptions usual) {
    mode = usual.mode();
    security = usual.security();
    congestionControl = usual.congestionControl();
    maxConnections = usual.maxConnections();
    idleTimeout = usual.idleTimeout();
    handshakeTimeout = usual.handshakeTimeout();
    keepAlive = usual.keepAlive();
    implicitIdle = usual.implicitIdle();
    sendBufferBytes = usual.sendBufferBytes();
    receiveBufferBytes = usual.receiveBufferBytes();
    socketReceiveBytes = usual.socketReceiveBytes();
    maxWholeMessageBytes = usual.maxWholeMessageBytes();
    maxDatagramBytes = usual.maxDatagramBytes();
    streaming = usual.streaming();
    application = usual.application();
    redundancy = usual.redundancy();
    maxSendBytesPerSecond = usual.maxSendBytesPerSecond();
    priorities = usual.priorities();
  }

  /** The defaults, to be changed. */
  public static DraftOptions of(Mode mode) {
    return of(SocketOptions.defaults(mode));
  }

  /** These, to be changed. */
  public static DraftOptions of(SocketOptions usual) {
    return new DraftOptions(usual);
  }

  /** The defaults of reliable mode with this security. */
  public static SocketOptions reliable(Security security) {
    DraftOptions options = of(Mode.RELIABLE);
    options.security = security;
    return options.done();
  }

  /** The options as they are now. */
  public SocketOptions done() {
    return new SocketOptions(
        mode,
        security,
        congestionControl,
        maxConnections,
        idleTimeout,
        handshakeTimeout,
        keepAlive,
        implicitIdle,
        sendBufferBytes,
        receiveBufferBytes,
        socketReceiveBytes,
        maxWholeMessageBytes,
        maxDatagramBytes,
        streaming,
        application,
        redundancy,
        maxSendBytesPerSecond,
        priorities);
  }
}
