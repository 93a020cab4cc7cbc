package io.posthorn.cli.probe;

import io.posthorn.AddressText;
import io.posthorn.Connection;
import io.posthorn.ConnectionInfo;
import io.posthorn.ConnectionTimeoutException;
import io.posthorn.MessageSocket;
import io.posthorn.TransportException;
import io.posthorn.cli.TimeText;
import io.posthorn.cli.session.Application;
import io.posthorn.cli.session.SessionControl;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.NoRouteToHostException;
import java.net.PortUnreachableException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Whether a peer can be reached, and if not, why: told apart by what answers what. */
public final class PeerChecks {
  /** How long an answer is waited for unless somebody asks for another time. */
  public static final Duration USUAL_PATIENCE = Duration.ofSeconds(3);

  private static final Duration LONGEST_MTU_SEARCH = Duration.ofSeconds(8);
  private static final Duration USUAL_KEEP_ALIVE = Duration.ofSeconds(10);
  private static final String SUBJECT = "peer";

  /** Opens a reliable socket that gives up after some time. */
  public interface Opener {
    /** Opens it; what goes wrong ends the checks. */
    MessageSocket open(Duration handshakeTimeout) throws Exception;
  }

  private final InetSocketAddress peer;
  private final String name;
  private final Duration patience;
  private final @Nullable Opener opener;

  /**
   * Checks of a peer.
   *
   * @param patience how long an answer may take, in each of the ways in which it is asked for; from
   *     100 ms to ten minutes
   * @param opener null if only plain mode is asked about
   */
  public PeerChecks(InetSocketAddress peer, Duration patience, @Nullable Opener opener) {
    this.peer = peer;
    this.patience = patience;
    this.name = AddressText.ofHost(peer.getAddress()) + " port " + peer.getPort();
    this.opener = opener;
  }

  /** Looks at everything. */
  public List<Finding> run() throws Exception {
    List<Finding> findings = new ArrayList<>();
    Finding nat = nat();
    if (nat != null) {
      findings.add(nat);
    }
    Opener reliable = opener;
    if (reliable != null && reliable(reliable, findings)) {
      return findings;
    }
    MtuProbe.Result echo;
    try (MtuProbe probe = MtuProbe.open(peer, patience)) {
      echo = probe.search(bytes -> {});
    } catch (PortUnreachableException nobody) {
      findings.add(
          Finding.bad(
              SUBJECT,
              "nobody listens at UDP port " + peer.getPort() + ": the host is up and says so",
              "start \"posthorn listen " + peer.getPort() + "\" there, or correct the port"));
      return findings;
    } catch (IOException noRoute) {
      findings.add(
          Finding.bad(
              SUBJECT,
              "no way to " + name + ": " + noRoute.getMessage(),
              "check the address, the route (ip route get "
                  + AddressText.ofHost(peer.getAddress())
                  + ") and whether the network is up"));
      return findings;
    }
    if (echo.isAnswered()) {
      findings.add(
          opener == null
              ? Finding.good(SUBJECT, "a plain UDP echo service answers at " + name)
              : Finding.note(
                  SUBJECT,
                  "a plain UDP echo service answers at " + name + ", nothing reliable",
                  "use -u with it, or start \"posthorn listen\" without -u there"));
      findings.add(mtu(echo));
      return findings;
    }
    findings.add(silence());
    return findings;
  }

  /** Whether a reliable peer answers. */
  private boolean reliable(Opener reliable, List<Finding> findings) throws Exception {
    try (MessageSocket socket = reliable.open(patience)) {
      Connection connection = socket.connect(peer);
      ConnectionInfo info = connection.info();
      findings.add(
          Finding.good(
              SUBJECT,
              "a reliable peer answers at "
                  + name
                  + (info == null
                      ? ""
                      : String.format(
                          Locale.ROOT,
                          ", round trip %.3f ms",
                          info.smoothedRtt().toNanos() / 1e6))));
      if (Application.of(connection) == Application.LISTEN) { // who sends pings back
        findings.add(
            mtu(
                ReliablePathMtu.search(
                    socket,
                    connection,
                    SessionControl.CONTROL_CHANNEL,
                    LONGEST_MTU_SEARCH,
                    bytes -> {})));
      }
      connection.close(Duration.ofSeconds(1));
      return true;
    } catch (ConnectionTimeoutException nobody) {
      return false;
    } catch (TransportException refused) {
      findings.add(
          Finding.bad(
              SUBJECT,
              "a reliable peer is there and refuses: " + refused.what(),
              "ask whoever runs it"));
      return true;
    }
  }

  private static Finding mtu(MtuProbe.Result found) {
    String text =
        found.mtuBytes()
            + " bytes"
            + (found.dontFragment() ? "" : ", fragments perhaps counted as one");
    return found.mtuBytes() < 1_228
        ? Finding.bad(
            "path MTU",
            text + ": reliable mode needs datagrams of 1200 bytes",
            "find the link or tunnel on the way that passes less, and raise its MTU")
        : Finding.good("path MTU", text);
  }

  /** What was found of translators that forget. */
  public static Finding natTimeout(NatProbe.Result found) {
    String subject = "silence";
    if (!found.understood()) {
      return Finding.note(
          subject,
          "how long the way stays open without traffic can only be found with a peer that answers"
              + " later",
          "start a \"posthorn listen\" of this version there");
    }
    if (found.lost().isZero()) {
      return Finding.good(
          subject, "the way stays open for " + found.kept().toSeconds() + " s without traffic");
    }
    long seconds = found.kept().toSeconds();
    String what =
        "the way is forgotten after "
            + (seconds == 0 ? "less than " : seconds + " to ")
            + found.lost().toSeconds()
            + " s without traffic";
    return found.lost().compareTo(USUAL_KEEP_ALIVE) > 0
        ? Finding.note(
            subject,
            what,
            "reliable mode asks each 10 s and so keeps its place; in plain mode send something each"
                + " "
                + Math.max(1, seconds)
                + " s")
        : Finding.bad(
            subject,
            what + ", sooner than reliable mode asks whether the peer is there",
            "raise the UDP time-out of the translator or firewall on the way, to 30 s or more");
  }

  /** Nothing came over UDP: is it UDP, the host, or who listens? */
  private Finding silence() throws IOException {
    String up = howHostAnswers();
    if (up.isEmpty()) {
      return Finding.bad(
          SUBJECT,
          "nothing at all answers at "
              + name
              + " in "
              + TimeText.of(patience)
              + ": the host is down, or a firewall drops everything",
          "check that it runs and that the address is right; where the way is slow, wait longer"
              + " (-w)");
    }
    return Finding.bad(
        SUBJECT,
        "the host of "
            + name
            + " is up ("
            + up
            + "), yet UDP gets no answer in "
            + TimeText.of(patience)
            + ": a firewall on the way drops it, or what listens there speaks something else",
        "open UDP port "
            + peer.getPort()
            + " on the host and the way to it; then start \"posthorn"
            + " listen "
            + peer.getPort()
            + "\" there");
  }

  private String howHostAnswers() throws IOException {
    try (Socket tcp = new Socket()) {
      tcp.connect(peer, (int) patience.toMillis());
      return "its TCP port of that number is open";
    } catch (NoRouteToHostException | SocketTimeoutException nothing) {
      return peer.getAddress().isReachable((int) patience.toMillis()) ? "it answers pings" : "";
    } catch (ConnectException refused) {
      return String.valueOf(refused.getMessage()).contains("refused") ? "it refuses TCP" : "";
    } catch (IOException other) {
      return "";
    }
  }

  /** Whether the way out leads through an address translator, as far as addresses tell. */
  private @Nullable Finding nat() throws IOException {
    InetAddress to = peer.getAddress();
    List<InetAddress> own =
        NetworkInterface.networkInterfaces().flatMap(NetworkInterface::inetAddresses).toList();
    if (!isTranslated(own, to)) {
      return null;
    }
    return Finding.note(
        "NAT",
        "this host has private addresses only, so that a translator stands on the way to "
            + AddressText.ofHost(to)
            + ": it may forget a silent connection, after 2 minutes by RFC 4787, some after 30 s",
        "reliable mode asks each 10 s and so keeps its place; in plain mode send something as"
            + " often");
  }

  /** Whether only a translator leads from a host with these addresses to another. */
  static boolean isTranslated(List<InetAddress> own, InetAddress to) {
    return !isPrivate(to)
        && own.stream()
            .filter(mine -> mine.getAddress().length == to.getAddress().length)
            .allMatch(PeerChecks::isPrivate);
  }

  private static boolean isPrivate(InetAddress address) {
    return address.isLoopbackAddress()
        || address.isSiteLocalAddress()
        || address.isLinkLocalAddress()
        || (address.getAddress()[0] & 0xfe) == 0xfc;
  }
}
