package io.posthorn;

/** Why a connection, or the attempt to open one, ended. */
public enum CloseCause {
  /** An application closed it, here or there; its code and text stand beside. */
  APPLICATION,
  /** The peer takes no (more) connections. */
  REFUSED,
  /** Nobody answered within the handshake timeout. */
  NO_ANSWER,
  /** It was open, and nothing was heard for the idle timeout. */
  IDLE_TIMEOUT,
  /** The peer restarted and knows nothing of the connection. */
  PEER_RESTARTED,
  /** The peer's identity is not the one that is expected or allowed. */
  IDENTITY,
  /** The two sides ask for different security or speak no common version. */
  SECURITY,
  /** A limit of one side was passed: a size, a number of channels, a key's life. */
  LIMIT,
  /** One side broke the rules of the protocol. */
  PROTOCOL,
  /** The socket was closed here before all was acknowledged. */
  SOCKET_CLOSED,
  /** A fault of the implementation on one side. */
  INTERNAL
}
