package io.posthorn.testkit.sample;

import io.posthorn.simulation.LinkConditions;
import io.posthorn.testkit.jqwik.NetworkDomain;
import io.posthorn.testkit.jqwik.NetworkSchedule;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.domains.Domain;
import net.jqwik.api.domains.DomainContext;

/** Fails over every network that repeats datagrams, whatever else is wrong with it. */
@Domain(NetworkDomain.class)
@Domain(DomainContext.Global.class)
class NeedsNoDuplicates {
  @Property(tries = 1_000)
  boolean link(@ForAll LinkConditions link) {
    return !link.toString().contains("duplicate");
  }

  @Property(tries = 1_000)
  boolean schedule(@ForAll NetworkSchedule schedule) {
    return schedule.changes().stream()
        .noneMatch(change -> change.conditions().toString().contains("duplicate"));
  }
}
