package io.posthorn.testkit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gives tests a bad network between real sockets, whatever library they use:
 *
 * <pre>{@code
 * @Test
 * @BadNetwork("delay 20ms loss 10%")
 * void answerArrives(TestRelay relay) throws IOException {
 *   client.connect(relay.inFrontOf(server.getLocalPort()));
 * }
 * }</pre>
 *
 * <p>Of a class, it counts for every test of it that has none of its own. A test that fails says
 * the seed: {@code -Dposthorn.seed=SEED} draws the same fates again; and it leaves a file with what
 * happened to each datagram, which {@code -Dposthorn.replay=FILE} does again. On real sockets both
 * repeat decisions, not timing; in {@link io.posthorn.simulation.SimulatedNetwork} a seed repeats
 * the whole run.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
@ExtendWith(PosthornExtension.class)
public @interface BadNetwork {
  /**
   * Conditions of both directions, in the words of {@link
   * io.posthorn.simulation.LinkConditions#parse}.
   */
  String value() default "none";

  /** Conditions towards the server, instead of {@link #value}. */
  String up() default "";

  /** Conditions towards the client, instead of {@link #value}. */
  String down() default "";

  /** Decides every fate; 0, the default, draws another one for each run of a test. */
  long seed() default 0;
}
