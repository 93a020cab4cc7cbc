package io.posthorn.cli.lab;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Whether a lab can be had here, and if not, why.
 *
 * <p>The probe changes nothing and takes well under a second: it looks at system, processor, files
 * and rights, and lets {@code unshare} make a namespace for an instant. What only the second
 * process can find out, such as a native library that does not load, {@link LabProcess#start} says
 * in the same way.
 *
 * @param possible whether a lab can be had
 * @param reason why not, in words for the user; empty if it can
 * @param namespaceCommand the command, with options, that starts a program in a network namespace
 *     of its own, and in a session of its own, so that what the user types at the terminal, such as
 *     Ctrl-C, reaches only the program that asked for it; empty if no lab can be had
 */
public record LabProbe(boolean possible, String reason, List<String> namespaceCommand) {
  /** It answers within a few milliseconds, if the machine is not busy. */
  private static final long UNSHARE_LIMIT_SECONDS = 10;

  /** Processors with the generic ioctl numbers, 64 bits and a native library in JNA. */
  private static final Set<String> PROCESSORS =
      Set.of("amd64", "x86_64", "aarch64", "riscv64", "loongarch64");

  /** Bits of the effective capabilities, linux/capability.h. */
  private static final int CAP_NET_ADMIN = 12;

  private static final int CAP_SYS_ADMIN = 21;

  /**
   * What the probe looks at.
   *
   * @param system the operating system's name, as Java gives it
   * @param processor the processor's name, as Java gives it
   * @param searchPath the directories where programs are looked for
   * @param tunNode the device node of TUN devices
   * @param java the Java program that would run the second process
   * @param processStatus a file in the form of {@code /proc/self/status}
   * @param jnaLibrary the resource that holds JNA's native library for this processor
   */
  record Surroundings(
      String system,
      String processor,
      List<Path> searchPath,
      Path tunNode,
      Path java,
      Path processStatus,
      String jnaLibrary) {

    static Surroundings here() {
      String processor = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
      @Nullable String path = System.getenv("PATH");
      return new Surroundings(
          System.getProperty("os.name"),
          processor,
          List.of((path == null ? "/usr/bin:/bin" : path).split(":")).stream()
              .filter(folder -> !folder.isEmpty())
              .map(Path::of)
              .toList(),
          Path.of("/dev/net/tun"),
          LabProcess.javaProgram(),
          Path.of("/proc/self/status"),
          "/com/sun/jna/linux-" + jnaName(processor) + "/libjnidispatch.so");
    }

    private static String jnaName(String processor) {
      return processor.equals("amd64") || processor.equals("x86_64") ? "x86-64" : processor;
    }
  }

  /**
   * Looks at this machine.
   *
   * @return what was found
   */
  public static LabProbe check() {
    return check(Surroundings.here());
  }

  static LabProbe check(Surroundings at) {
    if (!at.system().equals("Linux")) {
      return no("a network namespace of its own needs Linux, and this is " + at.system());
    }
    if (!PROCESSORS.contains(at.processor())) {
      return no("TUN devices are not supported on the processor " + at.processor());
    }
    if (LabProbe.class.getResource(at.jnaLibrary()) == null) {
      return no("JNA has no native library for the processor " + at.processor());
    }
    if (!Files.isExecutable(at.java())) {
      return no("there is no Java program at " + at.java() + " for the second process");
    }
    String tun = tunProblem(at.tunNode());
    if (!tun.isEmpty()) {
      return no(tun);
    }
    Path unshare = find("unshare", at.searchPath());
    Path setsid = find("setsid", at.searchPath());
    if (unshare == null || setsid == null) {
      String missing = unshare == null ? "unshare" : "setsid";
      return no("the program " + missing + " (package util-linux) is not installed");
    }
    String rights = mayMakeNetworkNamespace(at.processStatus()) ? "-n" : "-Urn";
    return tryNamespace(List.of(setsid.toString(), unshare.toString(), rights));
  }

  private static LabProbe no(String reason) {
    return new LabProbe(false, reason, List.of());
  }

  private static String tunProblem(Path node) {
    if (!Files.exists(node)) {
      return node + " does not exist (modprobe tun makes it, or the container must be given it)";
    }
    if (!Files.isReadable(node) || !Files.isWritable(node)) {
      return node + " may not be opened by this user (its mode must be 0666, or run as root)";
    }
    // Root may read and write any file by its mode, but not a device that a container withholds.
    try (FileChannel opened =
        FileChannel.open(node, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return opened.isOpen() ? "" : node + " cannot be opened";
    } catch (IOException refused) {
      return node + " cannot be opened: " + refused.getMessage();
    }
  }

  private static @Nullable Path find(String program, List<Path> searchPath) {
    for (Path folder : searchPath) {
      Path candidate = folder.resolve(program);
      if (Files.isExecutable(candidate) && !Files.isDirectory(candidate)) {
        return candidate;
      }
    }
    return null;
  }

  /** Root can do without a user namespace, unless a container has taken its rights away. */
  private static boolean mayMakeNetworkNamespace(Path processStatus) {
    try {
      for (String line : Files.readAllLines(processStatus)) {
        if (line.startsWith("CapEff:")) {
          long capabilities = Long.parseUnsignedLong(line.substring(7).strip(), 16);
          return ((capabilities >>> CAP_SYS_ADMIN) & 1) != 0
              && ((capabilities >>> CAP_NET_ADMIN) & 1) != 0;
        }
      }
    } catch (IOException | NumberFormatException unreadable) {
      return false; // then the way without rights is tried, and says what is wrong
    }
    return false;
  }

  private static LabProbe tryNamespace(List<String> command) {
    List<String> nothing = new ArrayList<>(command);
    nothing.add("true");
    Process process;
    try {
      process = new ProcessBuilder(nothing).redirectErrorStream(true).start();
    } catch (IOException failed) {
      return no(command.get(0) + " does not start: " + failed.getMessage());
    }
    try {
      process.getOutputStream().close();
      if (!process.waitFor(UNSHARE_LIMIT_SECONDS, TimeUnit.SECONDS)) {
        return no(String.join(" ", command) + " does not answer");
      }
      if (process.exitValue() != 0) {
        String said =
            new String(process.getInputStream().readNBytes(500), StandardCharsets.UTF_8).strip();
        return no(
            "this user may not make a network namespace ("
                + String.join(" ", command)
                + " says: "
                + said
                + ")");
      }
      return new LabProbe(true, "", command);
    } catch (IOException failed) {
      return no(String.join(" ", command) + " failed: " + failed.getMessage());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return no("the probe was interrupted");
    } finally {
      process.destroyForcibly();
    }
  }
}
