package io.posthorn.cli.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabProbeTest {
  private static final String LIBRARY = "/com/sun/jna/linux-x86-64/libjnidispatch.so";

  private Path folder = Path.of("");
  private Path tun = Path.of("");
  private Path java = Path.of("");
  private Path rootStatus = Path.of("");
  private Path userStatus = Path.of("");

  @BeforeEach
  void makeSurroundings(@TempDir Path temporary) throws IOException {
    folder = temporary;
    tun = Files.createFile(folder.resolve("tun"));
    java = program("java", "exit 0");
    rootStatus = Files.writeString(folder.resolve("root"), "Name:\tx\nCapEff:\t000001ffffffffff\n");
    userStatus = Files.writeString(folder.resolve("user"), "Name:\tx\nCapEff:\t0000000000000000\n");
    program("setsid", "exec \"$@\"");
    program("unshare", "exit 0");
  }

  private Path program(String name, String body) throws IOException {
    Path file = Files.writeString(folder.resolve(name), "#!/bin/sh\n" + body + "\n");
    assertTrue(file.toFile().setExecutable(true));
    return file;
  }

  private LabProbe check(
      String system, String processor, Path searchPath, Path node, Path status, String library) {
    return LabProbe.check(
        new LabProbe.Surroundings(
            system, processor, List.of(searchPath), node, java, status, library));
  }

  private LabProbe check(Path status) {
    return check("Linux", "amd64", folder, tun, status, LIBRARY);
  }

  private static void assertNo(String part, LabProbe probe) {
    assertFalse(probe.possible());
    assertTrue(probe.reason().contains(part), probe.reason());
    assertEquals(List.of(), probe.namespaceCommand());
  }

  @Test
  void rootNeedsNoUserNamespace() {
    assertEquals(new LabProbe(true, "", command("-n")), check(rootStatus));
    assertEquals(new LabProbe(true, "", command("-Urn")), check(userStatus));
    assertEquals(new LabProbe(true, "", command("-Urn")), check(folder.resolve("no such file")));
  }

  /** A session of its own comes first: then a Ctrl-C does not reach what is started. */
  private List<String> command(String rights) {
    return List.of(
        folder.resolve("setsid").toString(), folder.resolve("unshare").toString(), rights);
  }

  @Test
  void otherSystemsAndProcessorsAreNamed() {
    assertNo("Mac OS X", check("Mac OS X", "aarch64", folder, tun, rootStatus, LIBRARY));
    assertNo("ppc64le", check("Linux", "ppc64le", folder, tun, rootStatus, LIBRARY));
    assertNo("JNA", check("Linux", "amd64", folder, tun, rootStatus, "/no/such.so"));
  }

  @Test
  void whatIsMissingIsNamed() throws IOException {
    Path missing = folder.resolve("missing");
    assertNo(
        "missing does not exist", check("Linux", "amd64", folder, missing, rootStatus, LIBRARY));
    assertNo("unshare", check("Linux", "amd64", missing, tun, rootStatus, LIBRARY));
    Files.delete(folder.resolve("setsid"));
    assertNo("setsid", check(rootStatus));
    Files.delete(java);
    assertNo("no Java program", check(rootStatus));
  }

  @Test
  void aDeviceThatCannotBeOpenedIsNamed() {
    assertNo(
        "cannot be opened", check("Linux", "amd64", folder, unopenable(), rootStatus, LIBRARY));
  }

  /** A folder passes every look at its rights, but cannot be opened for writing. */
  private Path unopenable() {
    return folder;
  }

  @Test
  void aRefusedNamespaceSaysWhatTheSystemSaid() throws IOException {
    program("unshare", "echo 'unshare failed: Operation not permitted' >&2; exit 1");
    assertNo("unshare failed: Operation not permitted", check(userStatus));
  }

  @Test
  void thisMachineGetsAnAnswer() {
    LabProbe probe = LabProbe.check();
    assertEquals(probe.possible(), probe.reason().isEmpty());
    assertEquals(probe.possible(), !probe.namespaceCommand().isEmpty());
  }
}
