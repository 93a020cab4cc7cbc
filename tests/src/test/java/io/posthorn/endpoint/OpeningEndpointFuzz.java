package io.posthorn.endpoint;

import io.posthorn.endpoint.FuzzedEndpoint.Script;
import java.util.ArrayList;
import java.util.List;

/** An endpoint in the midst of two handshakes, in either role. */
public final class OpeningEndpointFuzz {
  private OpeningEndpointFuzz() {}

  /** Takes what happens to it, see {@link FuzzedEndpoint}. */
  public static void fuzzerTestOneInput(byte[] input) {
    FuzzedEndpoint.run(FuzzedEndpoint.State.OPENING, input);
  }

  /** Inputs that say something. */
  public static List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    for (int suite : FuzzedEndpoint.SUITES) {
      seeds.add(new Script(suite).step(FuzzedEndpoint.CHANGED, 0, 1, 0, 0).input());
      seeds.add(new Script(suite).step(FuzzedEndpoint.CHANGED, 0, 1, 1, 0, 20, 1, 0).input());
      seeds.add(new Script(suite).step(FuzzedEndpoint.CHANGED, 2, 2, 0, 0).input());
      seeds.add(new Script(suite).step(FuzzedEndpoint.SEALED_HANDSHAKE, 1, 3, 1, 1, 0).input());
      seeds.add(
          new Script(suite)
              .step(FuzzedEndpoint.SEALED_HANDSHAKE, 0, 0)
              .step(FuzzedEndpoint.TIME, 9)
              .input());
      seeds.add(
          new Script(suite)
              .step(FuzzedEndpoint.APPLICATION, 3, 0, 0, 9)
              .step(FuzzedEndpoint.TIME, 9)
              .input());
      seeds.add(
          new Script(suite)
              .piece(FuzzedEndpoint.TO_CONNECTION, 0, FuzzedEndpoint.data(60))
              .input());
      seeds.add(
          new Script(suite)
              .piece(
                  FuzzedEndpoint.TO_CONNECTION, 1, new byte[] {7, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 5})
              .input());
    }
    return seeds;
  }
}
