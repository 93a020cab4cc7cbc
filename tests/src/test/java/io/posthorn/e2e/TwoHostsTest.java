package io.posthorn.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.posthorn.cli.lab.LabProbe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two network namespaces with a wire between them, as two hosts would have it: made by the test in
 * namespaces of its own and gone with it. Needs Linux and root.
 */
@Timeout(180)
class TwoHostsTest {
  /** Hosts a and b; $1 is a folder, PROGRAM starts the jar. The last command decides. */
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
      # Process numbers begin anew in here, and files of that name in /tmp may be another run's.
      at() {
        host=$1; shift
        ip netns exec $host PROGRAM "$@"
      }
      # Starts a listener and waits until it says so; its number is $!.
      serve() {
        rm -f said; mkfifo said; exec 3<>said
        at "$@" 2>said &
        read said <&3
      }
      cd "$1"
      mkdir -m 700 run
      export XDG_RUNTIME_DIR=$1/run
      """;

  /** Each starts half a dozen virtual machines. */
  private static final long LIMIT_SECONDS = 150;

  @TempDir Path folder;

  private RunningProgram run(String script) throws IOException {
    return RunningProgram.other(
        "unshare",
        "-nmp",
        "--fork",
        "--kill-child", // whatever still runs in it ends with the script
        "--mount-proc",
        "sh",
        "-c",
        WIRE.replace("PROGRAM", RunningProgram.words("-XX:-UsePerfData")) + script,
        "sh",
        folder.toString());
  }

  private static void needsNamespaces() throws InterruptedException {
    assumeTrue(LabProbe.check().possible(), "no network namespaces here");
    try (RunningProgram unshare =
        RunningProgram.other(
            "unshare",
            "-nmp",
            "--fork",
            "--kill-child",
            "--mount-proc",
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
      assertEquals(5, hosts.exitWithin(LIMIT_SECONDS), hosts::errors);
      assertEquals(
          "hello\n[fd77::2]:PORT\n",
          hosts.output().replaceAll("]:\\d+", "]:PORT").replaceAll("%\\w+", ""));
    }
    assertArrayEquals(content, Files.readAllBytes(folder.resolve("to/file")));
  }

  @Test
  void messagesPingsAndBenchesGoFromHostToHost() throws Exception {
    needsNamespaces();
    try (RunningProgram hosts =
        run(
            """
            serve a listen -1 '[fd77::1]:9000' > heard; listener=$!
            at b send '[fd77::1]' 9000 hello
            wait $listener
            cat heard
            serve a listen -u --echo '[fd77::1]:9001' -o /dev/null
            echo letter | at b connect -u -w 4 '[fd77::1]:9001'
            serve b proxy '[fd77::2]:9002' '[fd77::1]:9001' --up 'duplicate 100%' > /dev/null
            at a ping -u '[fd77::2]:9002' -c 3 -i 0.01 -q -W 30 | grep received
            at a sockets --json > table
            grep -c '"local":"\\[fd77::1]:9001"' table
            """)) {
      assertEquals(0, hosts.exitWithin(LIMIT_SECONDS), hosts::errors);
      String[] said = hosts.output().strip().split("\n", -1);
      assertEquals("hello", said[0]);
      assertEquals("letter", said[1]);
      assertTrue(said[2].startsWith("3 sent, 3 received, 0% lost, "), hosts.output());
      assertEquals("1", said[3], hosts.output());
    }
  }

  @Test
  void benchesOfAllTransportsGoFromHostToHostAtOnce() throws Exception {
    needsNamespaces();
    try (RunningProgram hosts =
        run(
            """
            serve a bench -s 10.77.0.1:9003 > /dev/null
            at b bench 10.77.0.1:9003 -n 20 -b 20mbit -i 0 > reliable & one=$!
            at b bench 10.77.0.1:9003 -u -n 20 -b 20mbit -i 0 > plain & two=$!
            at b bench 10.77.0.1:9003 --tcp -n 20 -b 20mbit -i 0 > tcp & three=$!
            wait $one && wait $two && wait $three
            grep -h -o '20 sent = .* lost' reliable tcp plain
            """)) {
      assertEquals(0, hosts.exitWithin(LIMIT_SECONDS), hosts::errors);
      String[] said = hosts.output().strip().split("\n", -1);
      assertEquals(3, said.length, hosts.output());
      assertEquals("20 sent = 20 received + 0 lost", said[0]);
      assertEquals("20 sent = 20 received + 0 lost", said[1]);
      Matcher plain = Pattern.compile("20 sent = (\\d+) received \\+ (\\d+) lost").matcher(said[2]);
      assertTrue(plain.matches(), said[2]);
      assertEquals(20, Integer.parseInt(plain.group(1)) + Integer.parseInt(plain.group(2)));
    }
  }

  @Test
  void pathMtuAndWhatKeepsMessagesBackAreFound() throws Exception {
    needsNamespaces();
    try (RunningProgram hosts =
        run(
            """
            ip -n a link set va mtu 1400
            ip -n b link set vb mtu 1400
            serve a listen 10.77.0.1:9000
            serve a listen -u --echo '[fd77::1]:9001' -o /dev/null
            set +e
            # A host that is held up for a second looks like a narrow way: so up to three times.
            says() {
              out=$1; what=$2; shift 2
              for again in 1 2 3; do at b "$@" > $out; grep -q "$what" $out && return; done
            }
            says 0 'MTU 1400' ping -M 10.77.0.1:9000 & one=$!
            says 1 'MTU 1400' ping -u -M '[fd77::1]' 9001 & two=$!
            says 2 'MTU: 1400' doctor 10.77.0.1:9000 & three=$!
            at b doctor 10.77.0.1:9009 > 3 & four=$!
            at b doctor 10.77.0.77:9000 > 4 & five=$!
            wait $one $two $three $four $five
            cat 0 1
            grep -h -e MTU 2
            grep -h -e BAD..peer 3 4
            # Host a answers nothing over UDP from here on.
            ip -n a rule add ipproto udp pref 1 table 100 &&
              ip -n a route add blackhole 10.77.0.0/24 table 100
            echo $?
            at b doctor 10.77.0.1:9000 | grep BAD..peer
            """)) {
      hosts.exitWithin(LIMIT_SECONDS);
      String[] said = hosts.output().strip().split("\n", -1);
      assertEquals(7, said.length, () -> hosts.output() + hosts.errors());
      assertTrue(said[0].contains("path MTU 1400 bytes"), hosts.output());
      assertTrue(said[1].contains("path MTU 1400 bytes"), hosts.output());
      assertEquals("ok   path MTU: 1400 bytes", said[2]);
      assertTrue(said[3].contains("nobody listens at UDP port 9009: the host is up"), said[3]);
      assertTrue(said[4].contains("the host is down"), said[4]);
      assertEquals("0", said[5], hosts::errors);
      assertTrue(said[6].contains("yet UDP gets no answer in 3 s: a firewall on the way"), said[6]);
    }
  }

  /**
   * What the first tests do over one family is done here over the other, and the rest. FAULTS 29: a
   * session outlives an interface that goes down and an address that is taken away.
   */
  @Test
  void theRestGoesFromHostToHostOverTheOtherFamily() throws Exception {
    needsNamespaces();
    Files.writeString(folder.resolve("small"), "by way of the longer address");
    Files.createDirectory(folder.resolve("to"));
    try (RunningProgram hosts =
        run(
            """
            serve a receive --once --allow-anyone '[fd77::1]:9000' to; receiver=$!
            at b copy small fd77::1 9000
            wait $receiver
            serve a listen --once --allow-anyone -e 'sed -u s/$/!/' 10.77.0.1:9001; listener=$!
            mkfifo typed shown
            at b connect 10.77.0.1 9001 < typed > shown & session=$!
            exec 4> typed 5< shown
            shown() { read line <&5; echo $line; }
            refused() {
              ip netns exec b awk '
                /^Ip: F/ { while ($++n != "OutNoRoutes"); } /^Ip: [0-9]/ { print $n }' /proc/net/snmp
            }
            # Does something to host b that leaves no route, and types a line that cannot leave.
            unplug() {
              line=$1; was=$(refused); shift
              ip -n b "$@"
              echo $line >&4
              until [ $(refused) -gt $was ]; do :; done
            }
            echo called >&4; shown
            unplug down link set vb down
            ip -n b link set vb up; ip -n b addr add fd77::2/64 dev vb nodad; shown
            unplug removed addr del 10.77.0.2/24 dev vb
            ip -n b addr add 10.77.0.2/24 dev vb; shown
            exec 4>&-
            wait $session; wait $listener
            serve a listen -u --echo 10.77.0.1:9002 -o heard
            at b send -u 10.77.0.1:9002 letter -q 4
            cat heard
            serve a listen '[fd77::1]:9004' -o /dev/null
            serve b proxy '[fd77::2]:9003' '[fd77::1]:9004' --impair 'delay 1ms' > figures
            at a ping '[fd77::2]:9003' -c 4 -i 0.02 -q -W 20 | grep -o '4 received'
            at b proxy --change 9003 --down 'loss 100%' | grep -o 'down: .*'
            status=0; at a ping fd77::2 9003 -c 1 -W 0.3 > /dev/null 2>&1 || status=$?
            echo $status
            status=0; at b doctor fd77::1 9004 > found || status=$?
            grep -o 'a reliable peer answers' found
            """)) {
      assertEquals(0, hosts.exitWithin(LIMIT_SECONDS), hosts::errors);
      assertEquals(
          """
          called!
          down!
          removed!
          letter
          letter
          4 received
          down: loss 100% (was delay 1ms)
          1
          a reliable peer answers
          """,
          hosts.output());
    }
    assertEquals("by way of the longer address", Files.readString(folder.resolve("to/small")));
  }

  @Test
  void benchesGoOverTheOtherFamilyToo() throws Exception {
    needsNamespaces();
    try (RunningProgram hosts =
        run(
            """
            serve a bench -s '[fd77::1]:9005' > /dev/null
            at b bench '[fd77::1]:9005' -R -n 20 -b 20mbit -i 0 > reliable & one=$!
            at b bench fd77::1 9005 -u -R -n 20 -b 20mbit -i 0 > plain & two=$!
            at b bench '[fd77::1]:9005' --tcp -R -n 20 -b 20mbit -i 0 > tcp & three=$!
            wait $one && wait $two && wait $three
            grep -h -o '20 sent = .* lost' reliable tcp
            grep -h -o '20 sent = ' plain
            at a sockets -a -t -u | grep -o -m1 'fd77::1]:9005'
            """)) {
      assertEquals(0, hosts.exitWithin(LIMIT_SECONDS), hosts::errors);
      assertEquals(
          """
          20 sent = 20 received + 0 lost
          20 sent = 20 received + 0 lost
          20 sent =\s
          fd77::1]:9005
          """,
          hosts.output());
    }
  }

  /** FAULTS 59 and 34 between hosts, where each person has a home with keys. */
  @Test
  void keysDecideWhoTalksFromHostToHost() throws Exception {
    needsNamespaces();
    try (RunningProgram hosts =
        run(
            """
            as() { export POSTHORN_HOME=$PWD/$1; }
            # Runs a command at b and says its status.
            try() { status=0; at b "$@" > out 2> err || status=$?; echo $status; }
            as bob; at b keys make > fingerprint; at b keys show > line
            as ann; at a keys import line --comment bob > /dev/null
            serve a listen --authorized 9000 > heard
            as bob; try send 10.77.0.1:9000 'over IPv4'
            try send fd77::1 9000 'over IPv6'
            at b keys list | grep -c '^known.*9000'
            as eve; try send '[fd77::1]:9000' 'let me in'
            kill $(ip netns pids a); wait
            cat heard

            as eve; serve a listen 9000 > /dev/null
            as bob; try send 10.77.0.1:9000 'is it you?'
            grep -o 'known_hosts line [0-9]*' err
            try ping '[fd77::1]:9000' -c 1
            as eve; at a keys show > key
            as bob; at b keys trust 10.77.0.1:9000 "$(cat key)" 2> /dev/null > /dev/null
            try send --strict 10.77.0.1:9000 'now I know you'
            chmod 666 bob/known_hosts; try send 10.77.0.1:9000 hello
            grep -o 'known_hosts.*666' err
            """)) {
      assertEquals(0, hosts.exitWithin(LIMIT_SECONDS), hosts::errors);
      assertEquals(
          """
          0
          0
          2
          77
          over IPv4
          over IPv6
          77
          known_hosts line 1
          77
          0
          78
          known_hosts has mode 0666
          """,
          hosts.output());
    }
  }

  /** What talks to nobody has no meaning between hosts: a host without any network will do. */
  @Test
  void whatTalksToNobodyNeedsNoNetworkAndTheRestSaysThatThereIsNone() throws Exception {
    needsNamespaces();
    try (RunningProgram hosts =
        run(
            """
            ip netns add alone
            ip -n alone link set lo down
            at alone help ping > help & one=$!
            at alone completion bash > completion & two=$!
            at alone compare --simulated -n 20 --runs 1 > compared & three=$!
            at alone keys fingerprint > key & four=$!
            at alone sockets > table 2>&1 & five=$!
            wait $one && wait $two && wait $three && wait $four && wait $five
            grep -c 'posthorn ping' help
            bash -n completion
            grep -o 'eliable delivered every one' compared
            grep -c ^SHA256: key
            status=0; at alone doctor > found || status=$?
            [ $status -le 1 ] && echo "healthy or not"
            status=0; at alone ping -u 10.77.0.1:9 -c 1 -W 0.2 > said 2>&1 || status=$?
            echo $status
            cat said found >&2
            """)) {
      assertEquals(0, hosts.exitWithin(LIMIT_SECONDS), hosts::errors);
      assertTrue(
          hosts.output().endsWith("eliable delivered every one\n1\nhealthy or not\n1\n"),
          hosts.output());
    }
  }
}
