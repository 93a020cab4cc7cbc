package io.posthorn.cli;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The folder in which the program keeps what it must know next time: {@code $POSTHORN_HOME}, else
 * {@code $XDG_CONFIG_HOME/posthorn}, else {@code ~/.config/posthorn}.
 *
 * @param folder made when the first file is
 */
record PosthornHome(Path folder) {
  /** Where it is, or null where no variable says it, as for some services. */
  static @Nullable PosthornHome of(Map<String, String> environment) {
    String own = environment.getOrDefault("POSTHORN_HOME", "");
    if (!own.isEmpty()) {
      return new PosthornHome(Path.of(own));
    }
    String config = environment.getOrDefault("XDG_CONFIG_HOME", "");
    if (!config.isEmpty() && Path.of(config).isAbsolute()) { // the XDG text asks for that
      return new PosthornHome(Path.of(config, "posthorn"));
    }
    for (String variable : new String[] {"HOME", "USERPROFILE"}) {
      String home = environment.getOrDefault(variable, "");
      if (!home.isEmpty()) {
        return new PosthornHome(Path.of(home, ".config", "posthorn"));
      }
    }
    return null;
  }

  /** Defaults of options. */
  Path config() {
    return folder.resolve("config");
  }

  /** The own private key. */
  Path identity() {
    return folder.resolve("identity");
  }

  /** The peers that were connected to. */
  Path knownHosts() {
    return folder.resolve("known_hosts");
  }

  /** The peers that may connect here, where only such may. */
  Path authorizedKeys() {
    return folder.resolve("authorized_keys");
  }
}
