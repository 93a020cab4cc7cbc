package io.posthorn.endpoint;

import io.posthorn.endpoint.FuzzedEndpoint.Script;
import io.posthorn.wire.FrameSeeds;
import java.util.ArrayList;
import java.util.List;

/** An endpoint and a peer that has the keys, and misuses them. */
public final class AuthenticatedPeerFuzz {
  private AuthenticatedPeerFuzz() {}

  /** Takes what happens to it, see {@link FuzzedEndpoint}. */
  public static void fuzzerTestOneInput(byte[] input) {
    FuzzedEndpoint.run(FuzzedEndpoint.State.CONNECTED, input);
  }

  /** Inputs that say something. */
  public static List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    for (int suite : FuzzedEndpoint.SUITES) {
      for (byte[] frames : FrameSeeds.payloads()) {
        seeds.add(
            new Script(suite)
                .piece(FuzzedEndpoint.SEALED, 0, frames)
                .step(FuzzedEndpoint.APPLICATION, 0)
                .step(FuzzedEndpoint.TIME, 7)
                .input());
      }
      seeds.add(
          new Script(suite)
              .step(FuzzedEndpoint.APPLICATION, 3, 0, 2, 9)
              .piece(FuzzedEndpoint.SEALED, 0, new byte[] {2, 0, 0, 0, 3})
              .piece(FuzzedEndpoint.SEALED, 7, new byte[] {1})
              .piece(FuzzedEndpoint.SEALED, 6, new byte[] {1})
              .input());
    }
    return seeds;
  }
}
