package io.posthorn.testkit.jqwik;

import io.posthorn.simulation.LinkConditions;
import java.util.List;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Provide;
import net.jqwik.api.domains.DomainContext;
import net.jqwik.api.domains.DomainContextBase;

/**
 * Bad networks for {@code @ForAll} parameters of type {@link LinkConditions}, {@link
 * NetworkSchedule} and {@code List<ScheduledSend>}:
 *
 * <pre>{@code
 * @Property
 * @Domain(NetworkDomain.class)
 * @Domain(DomainContext.Global.class)
 * void everyQuestionIsAnswered(@ForAll LinkConditions link, @ForAll long seed) { … }
 * }</pre>
 *
 * <p>Datagrams that arrive are undamaged, as UDP's checksum nearly always sees to; {@link
 * NetworkArbitraries#links} damages some too.
 *
 * @see DomainContext
 */
public final class NetworkDomain extends DomainContextBase {
  private static final int MOST_MESSAGES = 30;

  /** Made by the engine. */
  public NetworkDomain() {}

  /** Links that lose, repeat, delay and reorder, but damage nothing. */
  @Provide
  public Arbitrary<LinkConditions> links() {
    return NetworkArbitraries.links().map(link -> link.withCorrupt(0)).withoutEdgeCases();
  }

  /** Networks of such links that change a few times. */
  @Provide
  public Arbitrary<NetworkSchedule> schedules() {
    return NetworkArbitraries.schedules(links()).withoutEdgeCases();
  }

  /** Messages both ways. */
  @Provide
  public Arbitrary<List<ScheduledSend>> sends() {
    return NetworkArbitraries.sends(MOST_MESSAGES).withoutEdgeCases();
  }
}
