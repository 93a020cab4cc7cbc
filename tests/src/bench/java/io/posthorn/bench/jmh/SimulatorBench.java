package io.posthorn.bench.jmh;

import io.posthorn.bench.SimulatorSpeed;
import io.posthorn.simulation.LinkConditions;
import java.net.UnknownHostException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What a second of a sealed flow of 20 messages costs in the simulator. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class SimulatorBench {
  private static final int SECONDS = 100;

  @Param({"delay 20ms", "delay 20ms loss 10%"})
  public String conditions;

  private long seed;

  /** A hundred seconds of one connection. */
  @Benchmark
  @OperationsPerInvocation(SECONDS)
  public long second() throws UnknownHostException {
    return SimulatorSpeed.run(seed++, SECONDS, LinkConditions.parse(conditions));
  }
}
