package io.posthorn.cli.session;

import io.posthorn.AddressText;
import io.posthorn.Connection;
import io.posthorn.TransportException;
import java.io.IOException;

/** Why a connection has ended, as the library says it to whoever goes on sending. */
public final class ConnectionEnd {
  private static final byte[] NOTHING = {};

  private ConnectionEnd() {}

  /** The exception that belongs to the end of a connection which is over. */
  public static IOException of(Connection over) {
    try {
      over.send(NOTHING);
    } catch (IOException why) {
      return why;
    }
    return new IOException(
        "the connection with " + AddressText.of(over.remoteAddress()) + " ended");
  }

  /** What went wrong, without what a program should do about it; empty if nobody says. */
  public static String words(IOException why) {
    String said = why instanceof TransportException told ? told.what() : why.getMessage();
    return said == null ? "" : said;
  }
}
