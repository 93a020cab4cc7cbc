package io.posthorn.cli;

import java.io.InterruptedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.channels.ClosedByInterruptException;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;

/**
 * Lets a command end in good order when the user interrupts it: SIGINT, SIGTERM and SIGHUP ask it
 * to stop, and it closes its sockets, prints its summary, and ends with 128 plus the signal's
 * number. A second signal ends the program at once.
 *
 * <p>Shutdown hooks would not do: they run all at once, and so would close a socket under the hands
 * of the command that still takes from it what has arrived.
 */
final class Signals {
  private static final long GRACE_SECONDS = 10;
  private static final int SIGNAL_BASE = 128;

  private final CountDownLatch done = new CountDownLatch(1);
  private final IntConsumer exit;
  private final IntConsumer halt;
  private int number;

  /** At first the program ends at once: nothing is open yet that must be closed in order. */
  private Runnable action = this::exit;

  /** Work that a signal ends. */
  interface Work {
    /** Does it. */
    void run() throws Exception;
  }

  /**
   * Signals of what ends so.
   *
   * @param exit ends it with a status, in the order that the runtime gives
   * @param halt ends it with a status, whatever it does
   */
  Signals(IntConsumer exit, IntConsumer halt) {
    this.exit = exit;
    this.halt = halt;
  }

  /** Those of this process, once {@link #install} has taken them over. */
  static Signals ofProcess() {
    return new Signals(System::exit, Runtime.getRuntime()::halt);
  }

  /** Those of a command within another program, which itself decides what ends. */
  static Signals none() {
    return new Signals(status -> {}, status -> {});
  }

  /**
   * Takes the signals over. Where the Java runtime has no way to do so they keep their effect,
   * which is to end the program.
   */
  void install() {
    for (String name : new String[] {"INT", "TERM", "HUP"}) {
      try {
        install(name);
      } catch (ReflectiveOperationException notHere) {
        return; // a runtime without the module jdk.unsupported
      }
    }
  }

  /** By reflection, for the compiler warns of the class, which all the same is the only way. */
  private void install(String name) throws ReflectiveOperationException {
    Class<?> signalClass = Class.forName("sun.misc.Signal");
    Class<?> handlerClass = Class.forName("sun.misc.SignalHandler");
    Method getNumber = signalClass.getMethod("getNumber");
    Method handle = signalClass.getMethod("handle", signalClass, handlerClass);
    Object ignore = handlerClass.getField("SIG_IGN").get(null);
    Object handler =
        Proxy.newProxyInstance(
            Signals.class.getClassLoader(),
            new Class<?>[] {handlerClass},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "handle" -> {
                    onSignal((int) getNumber.invoke(arguments[0]));
                    yield null;
                  }
                  case "equals" -> proxy == arguments[0];
                  case "hashCode" -> System.identityHashCode(proxy);
                  default -> "posthorn's signal handler";
                });
    try {
      Object signal = signalClass.getConstructor(String.class).newInstance(name);
      Object before = handle.invoke(null, signal, handler);
      if (ignore.equals(before)) {
        handle.invoke(null, signal, before); // nohup, or a shell's background job
      }
    } catch (InvocationTargetException refused) {
      // A signal that this system does not have, or that java -Xrs keeps.
      if (!(refused.getCause() instanceof IllegalArgumentException)) {
        throw refused;
      }
    }
  }

  /**
   * Does work in which a signal interrupts the calling thread; at once if one has come already.
   *
   * @return whether it came to its end, and no signal ended it
   * @throws Exception what the work throws, and an interrupt that no signal sent
   */
  boolean untilOneComes(Work work) throws Exception {
    interruptMe();
    try {
      work.run();
      return true;
    } catch (InterruptedException
        | InterruptedIOException
        | ClosedByInterruptException interrupted) {
      requireOne(interrupted);
      return false;
    } finally {
      leaveMe();
    }
  }

  /**
   * Does the work of a command, as {@link #untilOneComes}; answers its exit status, whose place
   * that of a signal takes.
   */
  int statusOf(Callable<Integer> work) throws Exception {
    int[] status = {ExitCode.OK.status()};
    boolean unused = untilOneComes(() -> status[0] = work.call());
    return status[0];
  }

  /** A signal is why; anything else that interrupts is a fault. */
  void requireOne(Exception interrupted) throws Exception {
    if (!isStopping()) {
      throw interrupted;
    }
    boolean unused = Thread.interrupted();
  }

  /**
   * Has the calling thread interrupted when a signal comes; at once if one has come already. What
   * the thread waits in then ends, and {@link #isStopping} says why.
   */
  void interruptMe() {
    Thread me = Thread.currentThread();
    boolean already;
    synchronized (this) {
      action = me::interrupt;
      already = number != 0;
    }
    if (already) {
      me.interrupt();
    }
  }

  /**
   * Has a signal end the program at once, in the order that the runtime gives: for a wait that no
   * interrupt ends, at a terminal that must be put back as it was.
   *
   * @return what a signal did until now, for {@link #resume}
   */
  Runnable exitMe() {
    boolean already;
    Runnable before;
    synchronized (this) {
      before = action;
      action = this::exit;
      already = number != 0;
    }
    if (already) {
      exit();
    }
    return before;
  }

  /** Has a signal do again what it did before {@link #exitMe}. */
  synchronized void resume(Runnable before) {
    action = before;
  }

  /** Signals are of no more concern to the calling thread, which asked to be interrupted. */
  synchronized void leaveMe() {
    action = () -> {};
    if (number != 0) {
      boolean unused = Thread.interrupted(); // what is left to do is to be done whole
    }
  }

  /** Whether a signal has come. */
  synchronized boolean isStopping() {
    return number != 0;
  }

  /** The exit status: 128 plus the signal's number if one came. */
  synchronized int statusOr(int status) {
    return number == 0 ? status : SIGNAL_BASE + number;
  }

  /** The command has ended and said all it had to say. */
  void finished() {
    done.countDown();
  }

  private void exit() {
    exit.accept(statusOr(0));
  }

  /** A signal has come. */
  void onSignal(int signal) {
    Runnable stop;
    synchronized (this) {
      if (number != 0) {
        halt.accept(SIGNAL_BASE + signal);
      }
      number = signal;
      stop = action;
    }
    Thread watch = new Thread(() -> endInTime(signal), "posthorn-signal-watch");
    watch.setDaemon(true);
    watch.start();
    stop.run();
  }

  /** A command that cannot end, because nobody takes its output or it hangs, must not stay. */
  private void endInTime(int signal) {
    try {
      if (!done.await(GRACE_SECONDS, TimeUnit.SECONDS)) {
        halt.accept(SIGNAL_BASE + signal);
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
