package io.posthorn.cli;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The program in a thread of this process, for a test that is about its words and its sockets: it
 * takes a fraction of the time that a process takes to start. What is told of its sockets to other
 * programs, its log, its children's terminal and what the system does to a process are for a real
 * one.
 */
public final class ProgramHere extends Process {
  private static final Map<String, Integer> NUMBERS = Map.of("HUP", 1, "INT", 2, "TERM", 15);

  private final Pipe in = new Pipe();
  private final Pipe out = new Pipe();
  private final Pipe err = new Pipe();
  private final CompletableFuture<Integer> status = new CompletableFuture<>();
  private final Signals signals = new Signals(this::end, this::end);

  private ProgramHere(Map<String, String> environment, List<String> words) {
    Streams streams =
        new Streams(in.reader(), out.writer(), err.writer(), false, false, environment);
    Thread main = new Thread(() -> run(streams, words), "posthorn-here");
    main.setDaemon(true);
    main.start();
  }

  /** Starts it with these variables and no others. */
  public static ProgramHere start(Map<String, String> environment, List<String> words) {
    return new ProgramHere(environment, words);
  }

  private void run(Streams streams, List<String> words) {
    try {
      int code =
          new Posthorn(streams, signals, new RunningSockets()).run(words.toArray(new String[0]));
      signals.finished();
      end(signals.statusOr(code));
    } catch (Throwable fault) {
      signals.finished();
      status.completeExceptionally(fault);
      end(ExitCode.INTERNAL.status());
      throw fault;
    }
  }

  private void end(int code) {
    status.complete(code);
    in.end();
    out.end();
    err.end();
  }

  /** Sends it one of the signals that it takes, by its name. */
  public void signal(String name) {
    Integer number = NUMBERS.get(name);
    if (number == null) {
      throw new IllegalArgumentException("only a process can be sent SIG" + name);
    }
    signals.onSignal(number);
  }

  @Override
  public OutputStream getOutputStream() {
    return in.writer();
  }

  @Override
  public InputStream getInputStream() {
    return out.reader();
  }

  @Override
  public InputStream getErrorStream() {
    return err.reader();
  }

  @Override
  public int waitFor() throws InterruptedException {
    try {
      return status.get();
    } catch (ExecutionException fault) {
      throw new IllegalStateException("the program threw", fault.getCause());
    }
  }

  @Override
  public boolean waitFor(long timeout, TimeUnit unit) throws InterruptedException {
    try {
      status.get(timeout, unit);
      return true;
    } catch (TimeoutException running) {
      return false;
    } catch (ExecutionException fault) {
      throw new IllegalStateException("the program threw", fault.getCause());
    }
  }

  @Override
  public int exitValue() {
    if (!status.isDone()) {
      throw new IllegalThreadStateException("it runs");
    }
    return status.join();
  }

  @Override
  public void destroy() {
    if (!status.isDone()) {
      signal("TERM");
    }
  }
}
