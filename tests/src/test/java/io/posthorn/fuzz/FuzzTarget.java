package io.posthorn.fuzz;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * A class that takes any bytes by {@code fuzzerTestOneInput(byte[])}, the name that Jazzer calls,
 * and throws only if something is wrong. {@code seeds()} gives inputs that say something; more of
 * them, found by fuzzing, stand in {@code src/test/resources/fuzz/NAME.txt}, one a line in
 * hexadecimal, with a remark behind a {@code #} where an input once found a fault.
 *
 * @param type the class
 */
public record FuzzTarget(Class<?> type) {
  private static final List<String> NAMES =
      List.of(
          "io.posthorn.wire.PacketFuzz",
          "io.posthorn.wire.FrameFuzz",
          "io.posthorn.protocol.handshake.HandshakeFuzz",
          "io.posthorn.simulation.LinkConditionsFuzz",
          "io.posthorn.simulation.LinkRecordingFuzz",
          "io.posthorn.identity.KeyFileFuzz",
          "io.posthorn.capture.CaptureFuzz",
          "io.posthorn.codec.KryoBodyFuzz",
          "io.posthorn.codec.RegistrationsFuzz",
          "io.posthorn.cli.files.CopyMessageFuzz",
          "io.posthorn.cli.session.SessionControlFuzz",
          "io.posthorn.cli.bench.BenchMessageFuzz",
          "io.posthorn.cli.PingMessageFuzz",
          "io.posthorn.cli.compare.TestMessageFuzz",
          "io.posthorn.cli.ConfigFileFuzz",
          "io.posthorn.cli.TerminalTextFuzz",
          "io.posthorn.cli.proxy.ProxyOrderFuzz",
          "io.posthorn.cli.sockets.SocketRowFuzz",
          "io.posthorn.cli.trace.QlogFuzz",
          "io.posthorn.cli.lab.IpPacketFuzz",
          "io.posthorn.endpoint.IdleEndpointFuzz",
          "io.posthorn.endpoint.OpeningEndpointFuzz",
          "io.posthorn.endpoint.ConnectedEndpointFuzz",
          "io.posthorn.endpoint.AuthenticatedPeerFuzz");

  /** All targets. */
  public static List<FuzzTarget> all() {
    List<FuzzTarget> targets = new ArrayList<>();
    for (String name : NAMES) {
      try {
        targets.add(new FuzzTarget(Class.forName(name)));
      } catch (ClassNotFoundException gone) {
        throw new IllegalStateException(name + " is listed and not there", gone);
      }
    }
    return targets;
  }

  /** The simple name, by which a file and the long run know it. */
  public String name() {
    return type.getSimpleName();
  }

  /** Hands one input to the target, which throws if it finds a fault. */
  public void run(byte[] input) {
    call("fuzzerTestOneInput", byte[].class, input);
  }

  /** Inputs made by the target's own code. */
  @SuppressWarnings("unchecked")
  public List<byte[]> seeds() {
    return (List<byte[]>) call("seeds", null, null);
  }

  /** Inputs kept from fuzzing. */
  public List<byte[]> kept() {
    String resource = "/fuzz/" + name() + ".txt";
    try (InputStream in = FuzzTarget.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException(resource + " is not there");
      }
      List<byte[]> kept = new ArrayList<>();
      for (String line : new String(in.readAllBytes(), StandardCharsets.US_ASCII).split("\n", -1)) {
        String hex = line.replaceAll("#.*", "").strip();
        if (!hex.isEmpty()) {
          kept.add(HexFormat.of().parseHex(hex));
        }
      }
      return kept;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Object call(String name, Class<?> parameter, Object argument) {
    try {
      Method method =
          parameter == null
              ? type.getDeclaredMethod(name)
              : type.getDeclaredMethod(name, parameter);
      return parameter == null ? method.invoke(null) : method.invoke(null, argument);
    } catch (InvocationTargetException thrown) {
      if (thrown.getCause() instanceof Error error) {
        throw error;
      }
      if (thrown.getCause() instanceof RuntimeException exception) {
        throw exception;
      }
      throw new IllegalStateException(thrown.getCause());
    } catch (ReflectiveOperationException wrong) {
      throw new IllegalStateException(type + " is no target", wrong);
    }
  }
}
