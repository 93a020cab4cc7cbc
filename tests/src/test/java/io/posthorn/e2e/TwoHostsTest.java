package io.posthorn.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.posthorn.cli.lab.LabProbe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two network namespaces with a wire between them, as two hosts would have it: made by the test in
 * namespaces of its own and gone with it. Needs Linux and root.
 */
@Timeout(180)
class TwoHostsTest {
  /** Hosts a and b; $1 is java, $2 the jar, $3 a folder. The last command decides. */
  private static final String WIRE =
      """
      set -e
      mount -t tmpfs none /run
      mkdir /run/netns
      ip netns add a
      ip netns add b
      ip link add va netns a type veth peer name vb netns b
      ip -n a addr add 10.77.0.1/24 dev va
      ip -n b addr add 10.77.0.2/24 dev vb
      ip -n a addr add fd77::1/64 dev va nodad
      ip -n b addr add fd77::2/64 dev vb nodad
      for host in a b; do
        ip -n $host link set lo up
        ip -n $host link set v$host up
      done
      at() { host=$1; shift; ip netns exec $host "$java" -XX:TieredStopAtLevel=1 -jar "$jar" "$@"; }
      java=$1
      jar=$2
      cd "$3"
      """;

  @TempDir Path folder;

  private RunningProgram run(String script) throws IOException {
    return RunningProgram.other(
        "unshare",
        "-n",
        "-m",
        "sh",
        "-c",
        WIRE + script,
        "sh",
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        String.valueOf(System.getProperty("posthorn.jar")),
        folder.toString());
  }

  private static void needsNamespaces() throws InterruptedException {
    assumeTrue(LabProbe.check().possible(), "no network namespaces here");
    try (RunningProgram unshare =
        RunningProgram.other(
            "unshare",
            "-n",
            "-m",
            "sh",
            "-c",
            "mount -t tmpfs none /run && ip link add type veth")) {
      assumeTrue(unshare.exit() == 0, "this user may not make a wire");
    } catch (IOException absent) {
      assumeTrue(false, "unshare is not installed");
    }
  }

  @Test
  void filesAndSessionsGoFromHostToHostOverBothFamilies() throws Exception {
    needsNamespaces();
    byte[] content = new byte[2_000_003];
    new Random(9).nextBytes(content);
    Files.write(folder.resolve("file"), content);
    Files.createDirectory(folder.resolve("to"));
    try (RunningProgram hosts =
        run(
            """
            at a receive --once --allow-anyone 10.77.0.1:9000 to & receiver=$!
            at b copy file 10.77.0.1:9000
            wait $receiver
            at a listen --once --allow-anyone -c 'cat; echo $POSTHORN_PEER; exit 5' '[fd77::1]:9001' & listener=$!
            status=0
            echo hello | at b connect '[fd77::1]:9001' || status=$?
            wait $listener
            exit $status
            """)) {
      assertEquals(5, hosts.exit(), hosts::errors);
      assertEquals(
          "hello\n[fd77:0:0:0:0:0:0:2]:PORT\n",
          hosts.output().replaceAll("]:\\d+", "]:PORT").replaceAll("%\\w+", ""));
    }
    assertArrayEquals(content, Files.readAllBytes(folder.resolve("to/file")));
  }
}
