package io.posthorn.cli;

import io.posthorn.Security;
import io.posthorn.cli.exec.ChildCommand;
import io.posthorn.cli.files.SystemText;
import io.posthorn.identity.Fingerprint;
import io.posthorn.identity.Identity;
import io.posthorn.identity.IdentityFileException;
import io.posthorn.identity.KnownHosts;
import io.posthorn.identity.SecretFile;
import java.io.Console;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * Who this side is, whom it takes for the other, and the secret they may share. Without any of
 * these options there is an identity, made on first use, and peers have to keep theirs.
 */
final class IdentityFlags {
  private static final String SECRET_VARIABLE = ChildCommand.SECRET_VARIABLE;

  @Option(
      names = "--identity",
      paramLabel = "FILE",
      description =
          "The own private key; default: the one in the program's folder, made if need be.")
  private @Nullable Path identityFile;

  @Option(
      names = "--known-hosts",
      paramLabel = "FILE",
      description =
          "The keys of the peers met so far; default: known_hosts in the program's folder.")
  private @Nullable Path knownHostsFile;

  @Option(
      names = "--accept-new",
      description = {
        "Remember the key of a peer met for the first time, and say so: the default. A key that has"
            + " changed is refused always."
      })
  private boolean acceptNew;

  @Option(names = "--strict", description = "Refuse peers whose key is not known yet.")
  private boolean strict;

  @Option(
      names = "--insecure",
      description = {
        "Take whoever answers, unless its key is revoked, and remember nobody: who stands between"
            + " goes unnoticed."
      })
  private boolean insecure;

  @Option(
      names = "--secret-file",
      paramLabel = "FILE",
      description = {
        "Both sides must have the secret on the first line of this file. It may stand in the"
            + " variable POSTHORN_SECRET too."
      })
  private @Nullable Path secretFile;

  @Option(names = "--secret", description = "As --secret-file, but the secret is asked for.")
  private boolean askSecret;

  private @Nullable Path authorizedKeys;

  /** Only peers whose keys stand in this file may connect. */
  void authorize(Path file) {
    authorizedKeys = file;
  }

  /** Whether a listener lets only known keys or sharers of a secret in. */
  boolean keepsStrangersOut(Posthorn root) {
    return authorizedKeys != null
        || secretFile != null
        || askSecret
        || !root.streams().environment().getOrDefault(SECRET_VARIABLE, "").isEmpty();
  }

  /** Plain mode knows nobody. */
  void requireNone() throws Failure {
    if (isGiven()) {
      throw new Failure(
          ExitCode.USAGE,
          "keys or a secret in plain mode, which knows neither",
          "leave out --plain, or them");
    }
  }

  /** Whether any of these options is given. */
  boolean isGiven() {
    return identityFile != null
        || secretFile != null
        || askSecret
        || authorizedKeys != null
        || isAboutPeers();
  }

  private boolean isAboutPeers() {
    return knownHostsFile != null || acceptNew || strict || insecure;
  }

  /** The security of a socket that peers connect to. */
  Security ofListener(Posthorn root) throws IOException, Failure {
    if (isAboutPeers()) {
      throw new Failure(
          ExitCode.USAGE,
          "--known-hosts, --accept-new, --strict and --insecure are for commands that connect",
          root.knows("--authorized")
              ? "use --authorized to choose who may connect"
              : "leave them out");
    }
    Security security = own(root);
    Path keys = authorizedKeys;
    return keys == null ? security : security.withAuthorizedKeys(keys);
  }

  /** The security of a socket that connects to peers. */
  Security ofClient(Posthorn root) throws IOException, Failure {
    if ((acceptNew ? 1 : 0) + (strict ? 1 : 0) + (insecure ? 1 : 0) > 1) {
      throw new Failure(
          ExitCode.USAGE, "more than one of --accept-new, --strict, --insecure", "give one");
    }
    TypedOptions.refuseBoth(root.asked(), "--insecure", "--known-hosts");
    Output output = root.output(false);
    Security security = own(root);
    if (insecure) {
      output.note("--insecure: whoever answers is taken for the peer");
      return security;
    }
    Path file = knownHosts(root);
    if (strict) {
      if (file == null) {
        throw new Failure(
            ExitCode.CONFIGURATION, "--strict, and no known hosts", "name a file of them");
      }
      return security.withKnownHosts(file);
    }
    if (file == null) {
      output.note(
          "no folder to know peers from: whoever answers is taken for the peer; set POSTHORN_HOME"
              + " to a folder, or name --known-hosts");
      return security;
    }
    if (knownHostsFile == null && security.identity() == null) {
      // Where no key of one's own could be kept, none can be remembered; those there are count.
      return security.withKnownHosts(
          file, (peer, key) -> tellFirstContact(output, peer, key, "not remembered"));
    }
    String remembered = "remembered in " + shown(file, root);
    return security.withTrustOnFirstUse(
        file, (peer, key) -> tellFirstContact(output, peer, key, remembered));
  }

  private static void tellFirstContact(
      Output output, InetSocketAddress peer, Fingerprint key, String what) {
    output.note(
        "first contact with " + KnownHosts.nameOf(peer) + ": its key, " + key + ", is " + what);
  }

  /** A file as people write it. */
  static String shown(Path file, Posthorn root) {
    String home = root.streams().environment().getOrDefault("HOME", "");
    return !home.isEmpty() && file.startsWith(home)
        ? "~/" + Path.of(home).relativize(file)
        : file.toString();
  }

  private @Nullable Path knownHosts(Posthorn root) {
    Path named = knownHostsFile;
    PosthornHome home = PosthornHome.of(root.streams().environment());
    return named != null ? named : home == null ? null : home.knownHosts();
  }

  /** What holds in either role: the own identity, the secret, and whose keys are revoked. */
  private Security own(Posthorn root) throws IOException, Failure {
    TypedOptions.refuseBoth(root.asked(), "--secret", "--secret-file");
    Security security = withSecret(identity(root), root);
    PosthornHome home = PosthornHome.of(root.streams().environment());
    return home == null ? security : security.withRevokedKeys(home.knownHosts());
  }

  /** With the own identity; without one where none can be kept, which is said. */
  private Security identity(Posthorn root) throws IOException {
    Path named = identityFile;
    if (named != null) {
      return Security.identity(Identity.load(named));
    }
    PosthornHome home = PosthornHome.of(root.streams().environment());
    if (home == null) {
      root.output(false).detail("no home folder: no identity is kept");
      return Security.ephemeral();
    }
    try {
      return Security.identity(Identity.loadOrCreate(home.identity()));
    } catch (IdentityFileException notToBeTrusted) {
      throw notToBeTrusted;
    } catch (IOException readOnly) {
      root.output(false)
          .note(
              "no identity is kept in "
                  + home.folder()
                  + ": "
                  + Failures.of(readOnly).what()
                  + "; set POSTHORN_HOME to a folder of yours");
      return Security.ephemeral();
    }
  }

  private Security withSecret(Security security, Posthorn root) throws IOException, Failure {
    char[] secret = secret(root);
    if (secret == null) {
      return security;
    }
    try {
      return security.withPreSharedKey(secret);
    } catch (IllegalArgumentException tooShort) {
      throw new Failure(
          ExitCode.CONFIGURATION, String.valueOf(tooShort.getMessage()), "", tooShort);
    } finally {
      Arrays.fill(secret, '\0');
    }
  }

  /** Asks at the terminal, without showing what is typed; null if there is none. */
  private static char @Nullable [] ask(Signals signals) {
    Console console = Streams.console();
    if (console == null) {
      return null;
    }
    Runnable before = signals.exitMe(); // the terminal must show again what is typed
    try {
      return console.readPassword("secret: ");
    } finally {
      signals.resume(before);
    }
  }

  private char @Nullable [] secret(Posthorn root) throws IOException, Failure {
    Path file = secretFile;
    if (file != null) {
      return SecretFile.read(file);
    }
    if (askSecret) {
      char[] typed = ask(root.signals());
      if (typed == null) {
        throw new Failure(
            ExitCode.USAGE,
            "--secret asks for it, and there is no terminal to ask at",
            "use --secret-file, or the variable " + SECRET_VARIABLE);
      }
      return whole(typed);
    }
    String variable = root.streams().environment().getOrDefault(SECRET_VARIABLE, "");
    if (variable.indexOf(SystemText.LOST) >= 0) {
      String restored = Words.variableOfProcess(SECRET_VARIABLE);
      variable = restored == null ? variable : restored;
    }
    return variable.isEmpty() ? null : whole(variable.toCharArray());
  }

  /** Where the locale lost characters, what is left of a secret could be guessed. */
  static char[] whole(char[] secret) throws Failure {
    for (char each : secret) {
      if (each == SystemText.LOST) {
        Arrays.fill(secret, '\0');
        throw new Failure(
            ExitCode.CONFIGURATION, "the locale cannot hold the secret", Words.REMEDY);
      }
    }
    return secret;
  }
}
