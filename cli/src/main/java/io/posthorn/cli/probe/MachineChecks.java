package io.posthorn.cli.probe;

import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import io.posthorn.SocketStatistics;
import io.posthorn.cli.sockets.ControlFolder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What this machine is like, as far as it matters to messages over UDP. */
public final class MachineChecks {
  private static final int WANTED_BUFFER_BYTES = 4 << 20;
  private static final int FEW_DESCRIPTORS = 1_024;
  private static final Instant BUILT_AFTER = Instant.parse("2025-01-01T00:00:00Z");

  private static final Set<PosixFilePermission> OTHERS_MAY_READ =
      Set.of(PosixFilePermission.GROUP_READ, PosixFilePermission.OTHERS_READ);
  private static final Set<PosixFilePermission> OTHERS_MAY_WRITE =
      Set.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

  private final Path root;
  private final Map<String, String> environment;
  private final @Nullable Path home;

  /**
   * Checks of a machine.
   *
   * @param root of its file system; another one in tests
   * @param home the folder of settings and keys; null if there can be none
   */
  public MachineChecks(Path root, Map<String, String> environment, @Nullable Path home) {
    this.root = root;
    this.environment = environment;
    this.home = home;
  }

  /** Looks at everything. */
  public List<Finding> run() {
    List<Finding> findings = new ArrayList<>();
    findings.add(Finding.good("java", System.getProperty("java.version") + ", " + system()));
    try (MessageSocket socket =
        MessageSocket.builder()
            .mode(Mode.PLAIN)
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .open()) {
      SocketStatistics granted = socket.statistics();
      findings.add(buffer("receive", "rmem_max", granted.grantedReceiveBufferBytes()));
      findings.add(buffer("send", "wmem_max", granted.grantedSendBufferBytes()));
      findings.add(fastPath(granted.ioPath()));
    } catch (IOException failed) {
      findings.add(
          Finding.bad(
              "sockets",
              "no UDP socket can be opened on the loopback: " + failed.getMessage(),
              "bring the loopback up: ip link set lo up"));
    }
    findings.add(network());
    findings.add(clock());
    findings.add(descriptors());
    findings.add(controlFolder());
    findings.addAll(keyFiles());
    return findings;
  }

  private static String system() {
    return System.getProperty("os.name") + " " + System.getProperty("os.arch");
  }

  private Finding buffer(String direction, String setting, int grantedBytes) {
    String subject = direction + " buffer";
    String text = grantedBytes + " bytes of " + WANTED_BUFFER_BYTES + " wanted";
    if (grantedBytes >= WANTED_BUFFER_BYTES) {
      return Finding.good(subject, text);
    }
    String name = "net.core." + setting;
    if (!Files.exists(root.resolve("proc/sys/net/core").resolve(setting))) {
      return Finding.note(subject, text, "raise the system's limit of socket buffers");
    }
    String now = read("proc/sys/net/core/" + setting);
    return Finding.bad(
        subject,
        text
            + (now.isEmpty() ? "" : ", for " + name + " is " + now)
            + ": bursts beyond it are lost",
        "as root: sysctl -w "
            + name
            + "="
            + WANTED_BUFFER_BYTES
            + ", and the same line in"
            + " /etc/sysctl.d/90-posthorn.conf");
  }

  /** A path that says it is portable, or why it is not the fast one, could be faster. */
  private static Finding fastPath(String description) {
    boolean portable = description.contains("portable") || description.startsWith("NIO");
    return portable
        ? Finding.note("fast path", "not in use: " + description, "on 64-bit Linux with JNA it is")
        : Finding.good("fast path", description);
  }

  private static Finding network() {
    String subject = "network";
    List<String> up = new ArrayList<>();
    boolean loopback = false;
    try {
      for (NetworkInterface one : NetworkInterface.networkInterfaces().toList()) {
        if (one.isUp() && one.isLoopback()) {
          loopback = true;
        } else if (one.isUp() && one.inetAddresses().findAny().isPresent()) {
          up.add(one.getName());
        }
      }
    } catch (SocketException unknown) {
      return Finding.note(
          subject, "its interfaces cannot be told: " + unknown.getMessage(), "look with: ip link");
    }
    if (!loopback) {
      return Finding.bad(
          subject,
          "the loopback is down: programs on this machine cannot reach each other",
          "as root: ip link set lo up");
    }
    return up.isEmpty()
        ? Finding.note(
            subject,
            "nothing but the loopback is up: messages reach this machine only",
            "bring an interface up: ip link set DEVICE up, and give it an address")
        : Finding.good(subject, "up: " + String.join(", ", up));
  }

  private Finding clock() {
    Instant now = Instant.now();
    if (now.isBefore(BUILT_AFTER)) {
      return Finding.bad(
          "clock",
          "the clock says " + now + ", which is before this program was made",
          "set it, best by NTP: timedatectl set-ntp true");
    }
    String source = read("sys/devices/system/clocksource/clocksource0/current_clocksource");
    if (source.equals("hpet") || source.equals("acpi_pm")) {
      return Finding.note(
          "clock",
          "the kernel reads time from " + source + ", a microsecond or more each time",
          "boot with clocksource=tsc if the processor's counter is stable");
    }
    return Finding.good("clock", now.toString() + (source.isEmpty() ? "" : ", " + source));
  }

  private Finding descriptors() {
    for (String line : lines("proc/self/limits")) {
      if (line.startsWith("Max open files")) {
        String soft = line.substring("Max open files".length()).strip().split("\\s+", -1)[0];
        if (soft.matches("[0-9]{1,9}") && Integer.parseInt(soft) < FEW_DESCRIPTORS) {
          return Finding.note(
              "open files", "at most " + soft + " at one time", "raise it: ulimit -n 4096");
        }
        return Finding.good("open files", "at most " + soft);
      }
    }
    return Finding.good("open files", "this system does not say how many");
  }

  private Finding controlFolder() {
    Path folder = ControlFolder.path(environment);
    if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      return Finding.good("control sockets", folder + " is not there yet");
    }
    try {
      ControlFolder.open(folder);
      return Finding.good("control sockets", folder + " is this user's alone");
    } catch (IOException unusable) {
      return Finding.bad(
          "control sockets",
          String.valueOf(unusable.getMessage()),
          "until then \"posthorn sockets\" sees nothing");
    }
  }

  private List<Finding> keyFiles() {
    List<Finding> findings = new ArrayList<>();
    if (home == null) {
      findings.add(
          Finding.note(
              "key files",
              "this user has no home folder: no key is kept, and no peer is known again",
              "set POSTHORN_HOME to a folder"));
      return findings;
    }
    if (!Files.isDirectory(home)) {
      findings.add(Finding.good("key files", "none yet in " + home));
      return findings;
    }
    checkModes(home, findings);
    try (DirectoryStream<Path> files = Files.newDirectoryStream(home)) {
      for (Path file : files) {
        checkModes(file, findings);
      }
    } catch (IOException unreadable) {
      findings.add(
          Finding.bad(
              "key files",
              home + " cannot be read: " + unreadable.getMessage(),
              "chmod 700 " + home));
    }
    if (findings.isEmpty()) {
      findings.add(Finding.good("key files", "in " + home + " nobody else may write or read keys"));
    }
    return findings;
  }

  private static void checkModes(Path file, List<Finding> findings) {
    PosixFileAttributes attributes;
    try {
      attributes = Files.readAttributes(file, PosixFileAttributes.class);
    } catch (IOException | UnsupportedOperationException unknown) {
      return; // gone meanwhile, or a system without such modes
    }
    Set<PosixFilePermission> mode = attributes.permissions();
    String text = file + " has mode " + PosixFilePermissions.toString(mode);
    String name = String.valueOf(file.getFileName());
    boolean isKey =
        attributes.isRegularFile()
            && (name.contains("key") || name.contains("secret") || name.contains("identity"))
            && !name.endsWith(".pub")
            && !name.startsWith("authorized")
            && !name.startsWith("known");
    if (mode.stream().anyMatch(OTHERS_MAY_WRITE::contains)) {
      findings.add(Finding.bad("key files", text + ": others may change it", "chmod go-w " + file));
    } else if (isKey && mode.stream().anyMatch(OTHERS_MAY_READ::contains)) {
      findings.add(Finding.bad("key files", text + ": others may read it", "chmod 600 " + file));
    }
  }

  private String read(String file) {
    List<String> lines = lines(file);
    return lines.isEmpty() ? "" : lines.get(0).strip();
  }

  private List<String> lines(String file) {
    try {
      return Files.readAllLines(root.resolve(file), StandardCharsets.ISO_8859_1);
    } catch (IOException notHere) {
      return List.of();
    }
  }
}
