package io.posthorn.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code proxy} in this process. */
@Timeout(120)
class ProxyCommandTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @TempDir private Path folder;

  private int run(String orders, String line) {
    Map<String, String> environment = Map.of("XDG_RUNTIME_DIR", folder.toString());
    return Posthorn.run(
        new Streams(
            new ByteArrayInputStream(orders.getBytes(UTF_8)), out, err, false, false, environment),
        line.split(" "));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "proxy 127.0.0.1:47 127.0.0.1:47",
        "proxy 47 127.0.0.1:47",
        "proxy 0.0.0.0:47 127.0.0.1:47",
        "proxy -6 47 [::1]:47"
      })
  void aProxyIsNotItsOwnTarget(String line) {
    assertEquals(64, run("quit\n", line), () -> err.toString(UTF_8));
    assertTrue(err.toString(UTF_8).contains("the proxy itself"), () -> err.toString(UTF_8));
  }
}
