package io.posthorn.cli;

import io.posthorn.AddressText;
import io.posthorn.cli.proxy.OrderAnswer;
import io.posthorn.cli.proxy.ProxyOrder;
import io.posthorn.cli.proxy.RunningProxy;
import io.posthorn.cli.sockets.ControlFolder;
import io.posthorn.simulation.LinkConditions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * {@code posthorn proxy --change}: something told to a proxy that runs elsewhere.
 *
 * @param which its port, process or address; empty for the only one there is
 * @param order what it is told
 */
record ProxyChange(String which, ProxyOrder order) {
  /**
   * Reads the words after {@code --change} and the options beside it.
   *
   * @throws Failure if they say nothing sensible, or the same twice
   */
  static ProxyChange of(
      List<String> words,
      @Nullable LinkConditions both,
      @Nullable LinkConditions up,
      @Nullable LinkConditions down)
      throws Failure {
    List<String> left = new ArrayList<>(words);
    String which = "";
    if (!left.isEmpty() && isName(left.get(0), left.subList(1, left.size()))) {
      which = left.remove(0);
      if (!which.matches("[0-9]+")) {
        which = address(which, left);
      }
    }
    List<String> lines = new ArrayList<>();
    if (!left.isEmpty()) {
      lines.add(String.join(" ", left));
    }
    add(lines, "both", both);
    add(lines, "up", up);
    add(lines, "down", down);
    if (!left.isEmpty() && lines.size() > 1) {
      throw new Failure(
          ExitCode.USAGE,
          "\"" + TextSafety.visible(lines.get(0)) + "\" beside --impair, --up or --down",
          "say it one way: --change up 'loss 5%', or --change --up 'loss 5%'");
    }
    if (lines.isEmpty()) {
      lines.add("conditions");
    }
    try {
      List<ProxyOrder> orders = lines.stream().map(ProxyOrder::parse).toList();
      return new ProxyChange(which, ProxyOrder.all(orders));
    } catch (ProxyOrder.UnknownOrderException wrong) {
      throw new Failure(
          ExitCode.USAGE,
          String.valueOf(wrong.getMessage()),
          which.isEmpty() ? "a proxy is named before it, by its port or process: 9001 cut" : "",
          wrong);
    } catch (IllegalArgumentException wrong) {
      throw new Failure(ExitCode.USAGE, String.valueOf(wrong.getMessage()), "", wrong);
    }
  }

  /** An address as proxies write theirs; a port in the next word is taken from there. */
  private static String address(String word, List<String> left) throws Failure {
    EndpointAddress address =
        EndpointAddress.isPortNext(word, left)
            ? EndpointAddress.ofTwoWords(word, left.remove(0))
            : EndpointAddress.ofPeer(word);
    return AddressText.of(address.resolve(EndpointAddress.Family.ANY));
  }

  private static void add(List<String> lines, String word, @Nullable LinkConditions conditions) {
    if (conditions != null) {
      lines.add(word + " " + conditions);
    }
  }

  /** A number, something with a host and no blank, or a host before its port: no order is so. */
  private static boolean isName(String word, List<String> behind) {
    return word.matches("[0-9]+|\\S*[.:]\\S*")
        || (word.matches("\\S+")
            && EndpointAddress.isPortNext(word, behind)
            && !ProxyOrder.begins(word));
  }

  /** Tells it, and says what the proxy answers. */
  void tell(Posthorn root, Output output) throws Failure, IOException {
    List<RunningProxy> all;
    try {
      all = RunningProxy.all(ControlFolder.path(root.streams().environment()));
    } catch (IOException unusable) {
      throw new Failure(ExitCode.REFUSED, String.valueOf(unusable.getMessage()), "", unusable);
    }
    for (RunningProxy proxy : meant(all)) {
      OrderAnswer answer;
      try {
        answer = proxy.tell(order);
      } catch (IOException silent) {
        throw new Failure(
            ExitCode.TRY_AGAIN,
            "the proxy at " + proxy.text() + " does not answer: " + silent.getMessage(),
            "see with \"posthorn sockets\" whether it still runs",
            silent);
      }
      say(proxy, answer, output);
    }
    output.flush();
  }

  private List<RunningProxy> meant(List<RunningProxy> all) throws Failure {
    List<RunningProxy> some = new ArrayList<>(all);
    if (!which.isEmpty()) {
      some.removeIf(proxy -> !proxy.listensAt(which));
      if (some.isEmpty()) { // a port goes before a process of the same number
        some.addAll(all);
        some.removeIf(proxy -> !which.equals(String.valueOf(proxy.process())));
      }
    }
    if (some.isEmpty()) {
      throw new Failure(
          ExitCode.UNAVAILABLE,
          (which.isEmpty() ? "no proxy" : "no proxy \"" + TextSafety.visible(which) + "\"")
              + " of this user is running",
          all.isEmpty() ? "start one: posthorn proxy LISTEN TARGET" : "there is " + list(all));
    }
    if (some.size() > 1 && !order.onlyAsks()) {
      throw new Failure(
          ExitCode.USAGE,
          some.size() + " proxies may be meant: " + list(some),
          "name one by its process: posthorn proxy --change " + some.get(0).process() + " …");
    }
    return some;
  }

  private static String list(List<RunningProxy> proxies) {
    return proxies.stream().map(RunningProxy::text).collect(Collectors.joining(", "));
  }

  private static void say(RunningProxy proxy, OrderAnswer answer, Output output)
      throws Failure, IOException {
    String line =
        switch (answer.kind()) {
          case WRONG ->
              throw new Failure(
                  ExitCode.USAGE, proxy.text() + " refuses: " + answer.fields().get(0), "");
          case STATISTICS -> answer.fields().get(output.isJson() ? 1 : 0);
          case QUIT -> "it ends";
          case DONE -> answer.now().textSince(answer.before());
        };
    if (!output.isJson()) {
      output.line(TextSafety.visible(proxy.text() + ": " + line));
      return;
    }
    if (answer.kind() == OrderAnswer.Kind.STATISTICS) {
      output.line(line);
      return;
    }
    JsonText told = new JsonText().beginObject();
    told.put("process", proxy.process()).put("local", proxy.local()).put("target", proxy.target());
    if (answer.kind() == OrderAnswer.Kind.DONE) {
      answer.now().putInto(told);
      answer.before().putInto(told.beginObject("before"));
      told.endObject();
    }
    output.line(told.put("ends", answer.kind() == OrderAnswer.Kind.QUIT).endObject().toString());
  }
}
