package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code proxy} in this process. */
@Timeout(120)
class ProxyCommandTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "proxy 127.0.0.1:47 127.0.0.1:47",
        "proxy 47 127.0.0.1:47",
        "proxy 0.0.0.0:47 127.0.0.1:47",
        "proxy -6 47 [::1]:47"
      })
  void aProxyIsNotItsOwnTarget(String line) {
    InProcess here = new InProcess(Map.of("XDG_RUNTIME_DIR", folder.toString()), "quit\n");
    assertEquals(64, here.run(line.split(" ")), here::errors);
    assertTrue(here.errors().contains("the proxy itself"), here::errors);
  }
}
