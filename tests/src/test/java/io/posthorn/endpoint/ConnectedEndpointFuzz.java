package io.posthorn.endpoint;

import io.posthorn.endpoint.FuzzedEndpoint.Script;
import java.util.ArrayList;
import java.util.List;

/** An endpoint with a connection, and those who have no keys of it. */
public final class ConnectedEndpointFuzz {
  private ConnectedEndpointFuzz() {}

  /** Takes what happens to it, see {@link FuzzedEndpoint}. */
  public static void fuzzerTestOneInput(byte[] input) {
    FuzzedEndpoint.run(FuzzedEndpoint.State.CONNECTED, input);
  }

  /** Inputs that say something. */
  public static List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    for (int suite : FuzzedEndpoint.SUITES) {
      seeds.add(new Script(suite).step(FuzzedEndpoint.CHANGED, 0, 1, 0, 0).input());
      seeds.add(new Script(suite).step(FuzzedEndpoint.CHANGED, 3, 1, 1, 0, 9, 1, 0).input());
      seeds.add(
          new Script(suite)
              .step(FuzzedEndpoint.APPLICATION, 3, 0, 2, 9)
              .step(FuzzedEndpoint.TIME, 9)
              .input());
      seeds.add(
          new Script(suite)
              .step(FuzzedEndpoint.APPLICATION, 0)
              .step(FuzzedEndpoint.APPLICATION, 1)
              .input());
      seeds.add(
          new Script(suite)
              .piece(FuzzedEndpoint.TO_CONNECTION, 0, FuzzedEndpoint.data(60))
              .input());
      seeds.add(new Script(suite).piece(FuzzedEndpoint.RAW, 0, FuzzedEndpoint.data(45)).input());
      seeds.add(new Script(suite).step(FuzzedEndpoint.FIRST_MESSAGE, 0, 0, 32).input());
      seeds.add(new Script(suite).step(FuzzedEndpoint.SEALED_HANDSHAKE, 0, 2, 1, 0).input());
    }
    return seeds;
  }
}
