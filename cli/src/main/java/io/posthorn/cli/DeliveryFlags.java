package io.posthorn.cli;

import io.posthorn.Connection;
import io.posthorn.Delivery;
import io.posthorn.Message;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Flags of what is promised of messages: their channel, their delivery, and for how long. */
final class DeliveryFlags {
  @Option(
      names = "--channel",
      paramLabel = "N",
      description = "Which of the channels 0 to 62, each ordered for itself; default 0.")
  private @Nullable Integer channel;

  @Option(
      names = "--delivery",
      paramLabel = "HOW",
      converter = Name.class,
      completionCandidates = Name.class,
      description =
          "What is promised: ordered (default), unordered, latest, sequenced, unreliable.")
  private @Nullable Delivery delivery;

  @Option(
      names = "--expires",
      paramLabel = "TIME",
      converter = Quantity.Time.class,
      description = "After this time a message is too old to be sent, or sent again.")
  private @Nullable Duration expires;

  /** The names of the promises as the program writes them. */
  static final class Name implements ITypeConverter<Delivery>, Iterable<String> {
    private static final List<String> ALL =
        List.of("ordered", "unordered", "latest", "sequenced", "unreliable");

    @Override
    public Iterator<String> iterator() {
      return ALL.iterator();
    }

    @Override
    public Delivery convert(String name) {
      return switch (name) {
        case "ordered" -> Delivery.RELIABLE_ORDERED;
        case "unordered" -> Delivery.RELIABLE_UNORDERED;
        case "latest" -> Delivery.RELIABLE_LATEST;
        case "sequenced" -> Delivery.UNRELIABLE_SEQUENCED;
        case "unreliable" -> Delivery.UNRELIABLE;
        default ->
            throw new TypeConversionException(
                "\"" + TextSafety.visible(name) + "\" is not one of " + String.join(", ", ALL));
      };
    }
  }

  /** Refuses what no message can have. */
  void check() throws Failure {
    Integer number = channel;
    if (number != null && (number < 0 || number >= SocketFlags.PING_CHANNEL)) {
      throw new Failure(
          ExitCode.USAGE, "channel " + number, "channels are 0 to 62; 63 is for ping");
    }
    Duration age = expires;
    if (age != null && age.isZero()) {
      throw new Failure(ExitCode.USAGE, "--expires 0", "give a message some time, such as 500ms");
    }
  }

  /** Whether any was given. */
  boolean isGiven() {
    return channel != null || delivery != null || expires != null;
  }

  /** Whether messages go as they do by themselves: all arrive, in order, however late. */
  boolean isUsual() {
    return expires == null && (delivery == null || delivery == Delivery.RELIABLE_ORDERED);
  }

  /** Whether messages may be left out. */
  boolean mayLose() {
    return expires != null
        || (delivery != null
            && delivery != Delivery.RELIABLE_ORDERED
            && delivery != Delivery.RELIABLE_UNORDERED);
  }

  /** Begins a message of the connection that goes so. */
  Message.Draft draft(Connection connection) {
    Message.Draft draft = connection.message().channel(channel == null ? 0 : channel);
    Delivery how = delivery;
    if (how == Delivery.RELIABLE_LATEST) {
      draft.key(0);
    } else if (how != null) {
      draft.delivery(how);
    }
    Duration age = expires;
    return age == null ? draft : draft.expiresAfter(age);
  }
}
