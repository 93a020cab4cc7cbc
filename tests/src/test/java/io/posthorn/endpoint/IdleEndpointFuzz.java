package io.posthorn.endpoint;

import io.posthorn.endpoint.FuzzedEndpoint.Script;
import java.util.ArrayList;
import java.util.List;

/** An endpoint that has met nobody. */
public final class IdleEndpointFuzz {
  private IdleEndpointFuzz() {}

  /** Takes what happens to it, see {@link FuzzedEndpoint}. */
  public static void fuzzerTestOneInput(byte[] input) {
    FuzzedEndpoint.run(FuzzedEndpoint.State.IDLE, input);
  }

  /** Inputs that say something. */
  public static List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    for (int suite : FuzzedEndpoint.SUITES) {
      seeds.add(new Script(suite).step(FuzzedEndpoint.CHANGED, 0, 0, 0, 0).input());
      seeds.add(new Script(suite).step(FuzzedEndpoint.CHANGED, 3, 0, 1, 0, 5, 1, 0).input());
      seeds.add(new Script(suite).step(FuzzedEndpoint.CHANGED, 3, 0, 1, 0, 1, 9, 0).input());
      seeds.add(new Script(suite).step(FuzzedEndpoint.SEALED_HANDSHAKE, 0, 2, 1, 0).input());
      seeds.add(
          new Script(suite).step(FuzzedEndpoint.FIRST_MESSAGE, 24, 5, 1, 2, 3, 4, 5, 32).input());
      seeds.add(new Script(suite).piece(FuzzedEndpoint.RAW, 3, new byte[] {9, 1, 2, 3}).input());
      seeds.add(
          new Script(suite)
              .piece(FuzzedEndpoint.RAW, 3, FuzzedEndpoint.data(40))
              .step(FuzzedEndpoint.TIME, 10)
              .input());
    }
    return seeds;
  }
}
