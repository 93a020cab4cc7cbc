package io.posthorn.cli.lab;

import io.posthorn.cli.compare.Arena;
import io.posthorn.cli.compare.ComparePlan;
import io.posthorn.cli.compare.Measurement;
import io.posthorn.cli.compare.Transport;
import java.io.IOException;
import java.time.Duration;
import java.util.function.BiConsumer;

/** All three transports through one TUN device in a network namespace of their own. */
public final class LabArena implements Arena {
  /** How long messages may take after the last was due. */
  static final Duration PATIENCE = Duration.ofSeconds(30);

  /** Packets that leave the emulated link later than this show that the machine was too busy. */
  private static final long LATE_LIMIT_NANOS = 10_000_000L;

  private final LabProcess lab;

  private LabArena(LabProcess lab) {
    this.lab = lab;
  }

  /**
   * Starts the second process.
   *
   * @param probe what was found about this machine
   * @param life after which time it ends in any case
   * @return the arena
   * @throws LabUnavailableException if no lab can be had here, or it did not get ready
   * @throws InterruptedException if the calling thread is interrupted
   */
  public static LabArena start(LabProbe probe, Duration life)
      throws LabUnavailableException, InterruptedException {
    return new LabArena(LabProcess.start(probe, life));
  }

  @Override
  public String description() {
    return "one TUN device in a network namespace of its own";
  }

  @Override
  public String whyNot(Transport transport) {
    return "";
  }

  @Override
  public Measurement run(
      Transport transport, ComparePlan plan, int run, BiConsumer<Integer, Integer> progress)
      throws IOException, InterruptedException {
    String conditions = plan.conditions().toString();
    FlowResult result =
        lab.run(
            new FlowRequest(
                LabTransport.valueOf(transport.name()),
                plan.schedule(),
                plan.messageBytes(),
                PATIENCE.toNanos(),
                plan.seed(run),
                conditions,
                conditions,
                ""),
            progress);
    return new Measurement(
        result.summary(),
        result.up().sentDatagrams() + result.down().sentDatagrams(),
        result.up().sentBytes() + result.down().sentBytes(),
        result.retransmissions(),
        result.congestionController(),
        result.failure(),
        warning(result));
  }

  private static String warning(FlowResult result) {
    if (result.overloadDrops() > 0) {
      return "this machine itself dropped " + result.overloadDrops() + " packets";
    }
    return result.lateP99Nanos() > LATE_LIMIT_NANOS
        ? "this machine was too busy: packets left the emulated link up to "
            + result.lateP99Nanos() / 1_000_000
            + " ms late"
        : "";
  }

  @Override
  public boolean endSending() {
    try {
      lab.endSending();
      return true;
    } catch (IOException gone) {
      return false; // and with it all that was under way
    }
  }

  @Override
  public void close() {
    lab.close();
  }
}
