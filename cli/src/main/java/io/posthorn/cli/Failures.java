package io.posthorn.cli;

import io.posthorn.ChannelLimitException;
import io.posthorn.ConnectionClosedException;
import io.posthorn.ConnectionLimitException;
import io.posthorn.ConnectionLostException;
import io.posthorn.ConnectionRefusedException;
import io.posthorn.ConnectionTimeoutException;
import io.posthorn.MessageTooLargeException;
import io.posthorn.MessagesLostException;
import io.posthorn.PeerIdentityChangedException;
import io.posthorn.SecurityMismatchException;
import io.posthorn.TransportException;
import io.posthorn.cli.bench.TcpBindException;
import io.posthorn.cli.lab.LabUnavailableException;
import io.posthorn.identity.IdentityFileException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The one place where exceptions become exit codes and words for the user. */
final class Failures {
  private static final int PRIVILEGED_PORTS = 1024;

  private Failures() {}

  /** The failure that an exception stands for; anything unforeseen is a fault of the program. */
  static Failure of(Throwable thrown) {
    if (thrown instanceof Failure failure) {
      return failure;
    }
    if (thrown instanceof TransportException transport) {
      return ofTransport(transport);
    }
    if (thrown instanceof IdentityFileException) {
      return new Failure(ExitCode.CONFIGURATION, words(thrown), "", thrown);
    }
    if (thrown instanceof FileSystemException file) {
      return ofFile(file);
    }
    if (thrown instanceof InvalidPathException path) {
      return new Failure(
          ExitCode.BAD_DATA,
          "\"" + TextSafety.visible(path.getInput()) + "\" can be no file's name in this locale",
          Words.REMEDY,
          thrown);
    }
    if (thrown instanceof LabUnavailableException) {
      return new Failure(ExitCode.UNAVAILABLE, words(thrown), "", thrown);
    }
    if (thrown instanceof UnknownHostException) {
      return new Failure(
          ExitCode.UNKNOWN_HOST,
          "unknown host: " + words(thrown),
          "check the spelling, or give an address such as 192.0.2.1",
          thrown);
    }
    if (thrown instanceof InterruptedIOException || thrown instanceof InterruptedException) {
      return new Failure(ExitCode.TRY_AGAIN, "interrupted", "", thrown);
    }
    if (thrown instanceof IOException io) {
      return isBrokenPipe(io)
          ? new Failure(ExitCode.BROKEN_PIPE, "nobody reads standard output", "", io)
          : new Failure(ExitCode.IO, "input or output failed: " + words(io), "", io);
    }
    if (thrown instanceof OutOfMemoryError) {
      return new Failure(
          ExitCode.INTERNAL, "out of memory", "give Java more with -Xmx, and report it", thrown);
    }
    return new Failure(
        ExitCode.INTERNAL,
        "internal fault: " + thrown,
        "this is a bug in posthorn; run again with --verbose for the details and report them",
        thrown);
  }

  /** The failure to open a socket at an address: what is wrong, where, and what to do. */
  static Failure ofBind(IOException thrown, EndpointAddress.Local local) {
    String what = "cannot listen at " + local.text(local.at()) + ": ";
    int port = local.at().getPort();
    return switch (BindRefusal.of(thrown, port)) {
      case DENIED ->
          new Failure(
              ExitCode.REFUSED,
              what + "permission denied",
              port > 0 && port < PRIVILEGED_PORTS
                  ? "ports below " + PRIVILEGED_PORTS + " need privileges: take a higher one"
                  : "ask whoever administers this machine",
              thrown);
      case FOREIGN ->
          new Failure(
              ExitCode.USAGE,
              what + "this machine does not have that address",
              "leave the host out to listen at all addresses",
              thrown);
      case NO_IPV6 ->
          new Failure(
              ExitCode.USAGE, what + "this machine has no IPv6", "give an IPv4 address", thrown);
      case NO_PORT_LEFT ->
          new Failure(ExitCode.TRY_AGAIN, what + "no port is free", "end other programs", thrown);
      case IN_USE ->
          new Failure(
              ExitCode.TRY_AGAIN,
              what
                  + (thrown instanceof TcpBindException
                      ? "the TCP port is in use"
                      : "the port is in use"),
              "stop the other program, take another port, or take port 0 for any that is free",
              thrown);
      case OTHER -> ofUnknownRefusal(what, thrown);
    };
  }

  private static Failure ofUnknownRefusal(String what, IOException thrown) {
    if (!(thrown instanceof SocketException)) {
      return of(thrown);
    }
    // The words of the library name the address, and say what to do.
    return new Failure(
        ExitCode.IO,
        words(thrown).startsWith("cannot ") ? words(thrown) : what + words(thrown),
        "",
        thrown);
  }

  /** The failure to make the file that the exception names. */
  static Failure ofCreation(FileSystemException thrown) {
    return ofCreation(thrown.getFile(), thrown);
  }

  /** The failure to make a file of this name, by way of another perhaps. */
  static Failure ofCreation(@Nullable String name, FileSystemException thrown) {
    if (name != null && Files.isDirectory(Path.of(name))) {
      return ofFolder(Path.of(name));
    }
    String reason = thrown.getReason();
    if (thrown instanceof NoSuchFileException) {
      reason = "the folder does not exist";
    } else if (thrown instanceof AccessDeniedException) {
      reason = "permission denied";
    }
    return new Failure(
        ExitCode.CANNOT_CREATE,
        "cannot create " + name + ": " + (reason == null ? words(thrown) : reason),
        "name a file in a folder that exists and that you may write in",
        thrown);
  }

  /** Why no file is made where a folder is. */
  static Failure ofFolder(Path folder) {
    return new Failure(
        ExitCode.CANNOT_CREATE, "cannot create " + folder + ": it is a folder", "name a file");
  }

  private static Failure ofTransport(TransportException thrown) {
    ExitCode code;
    if (thrown instanceof ConnectionTimeoutException) {
      code = ExitCode.UNAVAILABLE;
    } else if (thrown instanceof PeerIdentityChangedException) {
      code = ExitCode.REFUSED;
    } else if (thrown instanceof MessageTooLargeException) {
      code = ExitCode.BAD_DATA;
    } else if (thrown instanceof SecurityMismatchException
        || thrown instanceof ChannelLimitException) {
      code = ExitCode.PROTOCOL;
    } else if (thrown instanceof ConnectionClosedException closed && closed.isByPeer()) {
      code = ofPeer(closed.applicationCode());
    } else if (thrown instanceof ConnectionRefusedException
        || thrown instanceof ConnectionClosedException
        || thrown instanceof ConnectionLimitException
        || thrown instanceof MessagesLostException) {
      code = ExitCode.TRY_AGAIN;
    } else if (thrown instanceof ConnectionLostException lost) {
      code =
          switch (lost.closeCause()) {
            case PROTOCOL, LIMIT -> ExitCode.PROTOCOL;
            case INTERNAL -> ExitCode.INTERNAL;
            default -> ExitCode.TRY_AGAIN;
          };
    } else {
      code = ExitCode.IO;
    }
    return new Failure(code, thrown.what(), TransportRemedy.of(thrown), thrown);
  }

  /** A command that closes with the number of an exit status means it. */
  private static ExitCode ofPeer(long applicationCode) {
    return applicationCode == ExitCode.PROTOCOL.status()
        ? ExitCode.PROTOCOL
        : applicationCode == ExitCode.IO.status() ? ExitCode.IO : ExitCode.TRY_AGAIN;
  }

  private static Failure ofFile(FileSystemException thrown) {
    String file = thrown.getFile();
    String where = file == null ? "" : file + ": ";
    if (thrown instanceof NoSuchFileException) {
      return new Failure(
          ExitCode.NO_INPUT, where + "no such file", "check the name and the folder", thrown);
    }
    if (thrown instanceof AccessDeniedException) {
      return new Failure(
          ExitCode.NO_INPUT, where + "permission denied", "check who may read it", thrown);
    }
    String reason = thrown.getReason();
    if (thrown instanceof FileAlreadyExistsException) {
      reason = "it is there already";
    } else if (thrown instanceof NotDirectoryException) {
      reason = "it is no folder";
    }
    return new Failure(
        ExitCode.IO,
        where + (reason == null ? thrown.getClass().getSimpleName() : reason),
        "",
        thrown);
  }

  private static boolean isBrokenPipe(IOException thrown) {
    String said = words(thrown).toLowerCase(Locale.ROOT);
    return thrown instanceof StandardOutput.UnreadException
        || said.contains("broken pipe")
        || said.contains("pipe is being closed");
  }

  private static String words(Throwable thrown) {
    String message = thrown.getMessage();
    return message == null || message.isBlank() ? thrown.getClass().getSimpleName() : message;
  }
}
