package io.posthorn.cli;

import io.posthorn.MessageSocket;
import io.posthorn.cli.sockets.ControlFolder;
import io.posthorn.cli.sockets.ControlServer;
import io.posthorn.cli.sockets.SocketRow;
import io.posthorn.cli.sockets.SocketRows;
import java.io.IOException;
import java.net.ProtocolFamily;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The sockets of this process, for "posthorn sockets" to ask about. Only {@code main} turns it on:
 * a command run within another program tells nothing. Safe for all threads.
 */
final class RunningSockets {
  private final List<Supplier<List<SocketRow>>> waiting = new ArrayList<>();
  private @Nullable String command;
  private Map<String, String> environment = Map.of();
  private @Nullable ControlServer server;
  private boolean opening;

  /**
   * From now on sockets are told of, as those of this command.
   *
   * @param name the command's
   * @param variables of the environment, which say where
   */
  synchronized void enable(String name, Map<String, String> variables) {
    command = name;
    environment = variables;
  }

  /** Whether this process is the program, which others may ask and tell. */
  synchronized boolean isEnabled() {
    return command != null;
  }

  /** A socket was opened that waits for nobody. */
  void add(MessageSocket socket) {
    add(SocketRows.of(socket, false, null));
  }

  /**
   * A socket was opened that waits for others.
   *
   * @param family of IPv4 or IPv6 if it hears that alone, else null
   */
  void addListener(MessageSocket socket, @Nullable ProtocolFamily family) {
    add(SocketRows.of(socket, true, family));
  }

  /** Something that has rows was opened. */
  synchronized void add(Supplier<List<SocketRow>> source) {
    String name = command;
    if (name == null) {
      return;
    }
    ControlServer running = server;
    if (running != null) {
      running.add(source);
      return;
    }
    waiting.add(source);
    if (!opening) {
      opening = true;
      // Beside the command's own work: nobody is to wait for it.
      Map<String, String> where = environment;
      Thread thread = new Thread(() -> open(name, where), "posthorn-control-open");
      thread.setDaemon(true);
      thread.start();
    }
  }

  private void open(String name, Map<String, String> where) {
    try {
      ControlServer opened =
          ControlServer.open(ControlFolder.open(ControlFolder.path(where)), name);
      synchronized (this) {
        if (command == null) {
          opened.close(); // the program is at its end already
          return;
        }
        server = opened;
        waiting.forEach(opened::add);
        waiting.clear();
      }
    } catch (IOException notHere) {
      // A full disk, or a folder that is not this user's: "sockets" and "doctor" say what is wrong.
      synchronized (this) {
        waiting.clear();
      }
    }
  }

  /** The program ends. */
  synchronized void close() {
    command = null;
    if (server != null) {
      server.close();
    }
  }
}
