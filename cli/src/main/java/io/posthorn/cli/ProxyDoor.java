package io.posthorn.cli;

import io.posthorn.AddressText;
import io.posthorn.cli.proxy.OrderAnswer;
import io.posthorn.cli.proxy.OrderDoor;
import io.posthorn.cli.proxy.ProxyControl;
import io.posthorn.cli.proxy.ProxyOrder;
import io.posthorn.cli.proxy.ProxyReport;
import io.posthorn.cli.sockets.ControlFolder;
import io.posthorn.simulation.Relay;
import io.posthorn.simulation.RelayStatistics;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/** What other programs of this user tell a running proxy, and what it answers. */
final class ProxyDoor {
  private final Posthorn root;
  private final Relay relay;
  private final ProxyControl control;
  private final OrderInput orders;
  private final Output output;
  private final DoubleSupplier seconds;
  private @Nullable OrderDoor door;

  /**
   * Of a proxy.
   *
   * @param orders where the end is asked for, which is not this thread's to bring about
   * @param seconds since it began
   */
  ProxyDoor(
      Posthorn root,
      Relay relay,
      ProxyControl control,
      OrderInput orders,
      Output output,
      DoubleSupplier seconds) {
    this.root = root;
    this.relay = relay;
    this.control = control;
    this.orders = orders;
    this.output = output;
    this.seconds = seconds;
  }

  /** Opens it; says why if it cannot be. A command within another program has none. */
  void open(InetSocketAddress target) {
    if (!root.sockets().isEnabled()) {
      return;
    }
    try {
      door =
          OrderDoor.open(
              ControlFolder.open(ControlFolder.path(root.streams().environment())),
              AddressText.of(relay.localAddress()),
              AddressText.of(target),
              line -> answer(line).toLine(),
              this::endIfTold);
    } catch (IOException unusable) {
      output.note("this proxy can be changed by its standard input only: " + unusable.getMessage());
    }
  }

  private OrderAnswer answer(String line) {
    ProxyOrder order;
    try {
      order = ProxyOrder.parse(line);
    } catch (IllegalArgumentException wrong) {
      return OrderAnswer.of(OrderAnswer.Kind.WRONG, String.valueOf(wrong.getMessage()));
    }
    if (order.verb() == ProxyOrder.Verb.QUIT) {
      return OrderAnswer.of(OrderAnswer.Kind.QUIT);
    }
    if (order.verb() == ProxyOrder.Verb.STATISTICS) {
      RelayStatistics now = relay.statistics();
      double after = seconds.getAsDouble();
      return OrderAnswer.of(
          OrderAnswer.Kind.STATISTICS,
          ProxyReport.total(now, after, false),
          ProxyReport.total(now, after, true));
    }
    ProxyControl.Change change = control.obey(order);
    if (!order.onlyAsks()) {
      output.note(change.now().textSince(change.before()));
    }
    return OrderAnswer.of(change);
  }

  /** The end comes after the answer, or whoever asked for it would not get any. */
  private void endIfTold(String line) {
    try {
      if (ProxyOrder.parse(line).verb() == ProxyOrder.Verb.QUIT) {
        orders.add(line);
      }
    } catch (IllegalArgumentException wrong) {
      // It was told so.
      return;
    } catch (InterruptedException ending) {
      Thread.currentThread().interrupt();
    }
  }

  void close() {
    OrderDoor open = door;
    if (open != null) {
      open.close();
    }
  }
}
