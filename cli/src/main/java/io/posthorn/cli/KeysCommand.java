package io.posthorn.cli;

import io.posthorn.identity.AuthorizedKeys;
import io.posthorn.identity.Fingerprint;
import io.posthorn.identity.Identity;
import io.posthorn.identity.KnownHosts;
import io.posthorn.identity.PeerKey;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code posthorn keys}: the own key, the peers that are known, and those that may connect. */
@Command(
    name = "keys",
    description = {
      "Shows and changes whom this program is and knows: its own key, the peers that it connected"
          + " to (known_hosts), and those that may connect where only such may (authorized_keys).",
      "",
      "The files are in $POSTHORN_HOME, else $XDG_CONFIG_HOME/posthorn, else ~/.config/posthorn.",
      "They and this folder have to belong to this user or root, and nobody else may write them."
    },
    synopsisSubcommandLabel = "COMMAND")
final class KeysCommand implements Callable<Integer> {
  private final Posthorn root;

  @Spec private @Nullable CommandSpec spec;

  KeysCommand(Posthorn root) {
    this.root = root;
  }

  @Override
  public Integer call() throws Failure {
    CommandSpec mine = spec;
    if (root.everywhere().json()) {
      throw new Failure(ExitCode.USAGE, "no command", "see posthorn keys --help");
    }
    if (mine != null) {
      root.output(false).usage(mine.commandLine().getUsageMessage().stripTrailing());
    }
    return ExitCode.USAGE.status();
  }

  private PosthornHome home() throws Failure {
    PosthornHome home = PosthornHome.of(root.streams().environment());
    if (home == null) {
      throw new Failure(
          ExitCode.CONFIGURATION, "no home folder to keep keys in", "set POSTHORN_HOME to one");
    }
    return home;
  }

  private KnownHosts knownHosts() throws Failure {
    return new KnownHosts(home().knownHosts());
  }

  private AuthorizedKeys authorizedKeys() throws Failure {
    return new AuthorizedKeys(home().authorizedKeys());
  }

  private int print(String... lines) throws IOException {
    Output output = root.output(false);
    for (String line : lines) {
      output.line(line);
    }
    output.flush();
    return ExitCode.OK.status();
  }

  private int printKey(PeerKey key, Path file, boolean whole) throws IOException {
    if (root.everywhere().json()) {
      return print(
          new JsonText()
              .beginObject()
              .put("fingerprint", key.fingerprint().toString())
              .put("key", key.line())
              .put("file", file.toString())
              .endObject()
              .toString());
    }
    return print(whole ? key.line() : key.fingerprint().toString());
  }

  @Command(
      name = "make",
      description = {
        "Makes the own key, which happens by itself when one is needed, and prints its"
            + " fingerprint.",
        "It never replaces one: move the old file away first, if that is meant."
      })
  int make() throws IOException, Failure {
    Path file = home().identity();
    Identity made = Identity.generate();
    try {
      made.save(file);
    } catch (FileAlreadyExistsException there) {
      throw new Failure(
          ExitCode.CANNOT_CREATE,
          "there is an identity in " + file,
          "peers know this side by it; move it away if a new one is meant",
          there);
    }
    return printKey(made.publicKey(), file, false);
  }

  @Command(
      name = "show",
      description =
          "Prints the own public key on one line: what others give to \"posthorn keys import\".")
  int show() throws IOException, Failure {
    Path file = home().identity();
    return printKey(Identity.loadOrCreate(file).publicKey(), file, true);
  }

  @Command(
      name = "fingerprint",
      description = "Prints the fingerprint of the own key, or of each key in a file.")
  int fingerprint(
      @Parameters(arity = "0..1", paramLabel = "FILE", description = "Lines of public keys, or -.")
          @Nullable String file)
      throws IOException, Failure {
    if (file == null) {
      Path own = home().identity();
      return printKey(Identity.loadOrCreate(own).publicKey(), own, false);
    }
    for (NamedKey key : read(file, "give lines of public keys")) {
      printKey(key.key(), Path.of(file), false);
    }
    return ExitCode.OK.status();
  }

  @Command(
      name = "list",
      description = "Lists the known hosts, the keys that may connect, and those that are revoked.")
  int list() throws IOException, Failure {
    for (KnownHosts.Entry entry : knownHosts().entries()) {
      String kind = entry.isRevoked() ? "revoked" : "known";
      row(kind, entry.fingerprint(), entry.host(), entry.comment());
    }
    for (AuthorizedKeys.Entry entry : authorizedKeys().entries()) {
      row("authorized", entry.fingerprint(), "", entry.comment());
    }
    return ExitCode.OK.status();
  }

  private void row(String kind, Fingerprint fingerprint, String host, String comment)
      throws IOException {
    if (root.everywhere().json()) {
      JsonText json =
          new JsonText().beginObject().put("kind", kind).put("fingerprint", fingerprint.toString());
      if (!host.isEmpty()) {
        json.put("host", host);
      }
      print(json.put("comment", comment).endObject().toString());
      return;
    }
    String words = (host + " " + comment).strip();
    print(
        TextSafety.visible(
            String.format(java.util.Locale.ROOT, "%-10s  %s  %s", kind, fingerprint, words)
                .stripTrailing()));
  }

  @Command(
      name = "trust",
      description = {
        "Takes this key for that of a peer from now on, in place of those remembered.",
        "Without a key, the peer is asked for it: then compare what is printed with what whoever"
            + " runs the peer says."
      })
  int trust(
      @Parameters(paramLabel = "HOST:PORT", description = "Which peer.") String peer,
      @Parameters(
              arity = "0..*",
              paramLabel = "KEY",
              description = "A fingerprint, or a public key as \"posthorn keys show\" prints it.")
          @Nullable List<String> key,
      @Mixin AnswerTimeout timeout)
      throws IOException, Failure {
    List<String> rest = key == null ? List.of() : key;
    boolean twoWords = EndpointAddress.isPortNext(peer, rest);
    EndpointAddress where =
        twoWords ? EndpointAddress.ofTwoWords(peer, rest.get(0)) : EndpointAddress.ofPeer(peer);
    List<String> words = twoWords ? rest.subList(1, rest.size()) : rest;
    KnownHosts hosts = knownHosts();
    Fingerprint fingerprint =
        words.isEmpty()
            ? AskedKey.of(
                where.resolve(root.everywhere().family()),
                Identity.loadOrCreate(home().identity()),
                timeout.asked())
            : parse(String.join(" ", words));
    refuseRevoked(hosts, Set.of(fingerprint));
    String name = nameOf(where);
    int before = hosts.replace(name, fingerprint);
    root.output(false)
        .note(name + " has to show this key from now on" + (before > 0 ? ", no other" : ""));
    if (root.everywhere().json()) {
      row("known", fingerprint, name, "");
      return ExitCode.OK.status();
    }
    return print(fingerprint.toString());
  }

  /** What is revoked stays out whatever else the files say. */
  private void refuseRevoked(KnownHosts hosts, Set<Fingerprint> keys) throws IOException, Failure {
    KnownHosts.Entry revoking = hosts.revocationOf(keys);
    if (revoking != null) {
      throw new Failure(
          ExitCode.REFUSED,
          revoking.fingerprint()
              + " is revoked by "
              + IdentityFlags.shown(hosts.file(), root)
              + " line "
              + revoking.line(),
          "remove that line first, if the key may be relied on after all");
    }
  }

  /** The name that a host is known by, which may be gone from the network. */
  private String nameOf(EndpointAddress peer) throws Failure {
    try {
      return KnownHosts.nameOf(peer.resolve(root.everywhere().family()));
    } catch (Failure failed) {
      String name = KnownHosts.nameOf(InetSocketAddress.createUnresolved(peer.host(), peer.port()));
      if (failed.code() != ExitCode.UNKNOWN_HOST || !KnownHosts.isName(name)) {
        throw failed;
      }
      return name;
    }
  }

  private static Fingerprint parse(String text) throws Failure {
    try {
      return text.startsWith("SHA256:")
          ? Fingerprint.parse(text)
          : PeerKey.parse(text).fingerprint();
    } catch (IllegalArgumentException wrong) {
      throw new Failure(
          ExitCode.USAGE,
          "\"" + text + "\": " + wrong.getMessage(),
          "give what \"posthorn keys show\" or \"posthorn keys fingerprint\" prints there",
          wrong);
    }
  }

  @Command(
      name = "revoke",
      description = {
        "Of HOST:PORT, forgets its keys; the next contact is the first again.",
        "Of a fingerprint or public key, takes it from those that may connect, and refuses it from"
            + " its next handshake on, whoever shows it, and whether this side connects or listens."
      })
  int revoke(
      @Parameters(
              arity = "1..*",
              paramLabel = "HOST:PORT|KEY",
              hideParamSyntax = true,
              description = "Whom, or what.")
          List<String> what)
      throws IOException, Failure {
    String text = String.join(" ", what);
    if (what.size() == 2 && EndpointAddress.isPortNext(what.get(0), what.subList(1, 2))) {
      return forget(EndpointAddress.ofTwoWords(what.get(0), what.get(1)));
    }
    if (text.startsWith("SHA256:") || text.indexOf(' ') >= 0) {
      Fingerprint fingerprint = parse(text);
      int removed = authorizedKeys().remove(fingerprint);
      knownHosts().revoke(fingerprint);
      root.output(false)
          .note(
              fingerprint
                  + " is refused from now on"
                  + (removed > 0 ? ", and may no longer connect" : ""));
      return ExitCode.OK.status();
    }
    return forget(EndpointAddress.ofPeer(text));
  }

  private int forget(EndpointAddress peer) throws IOException, Failure {
    String name = nameOf(peer);
    if (knownHosts().remove(name) == 0) {
      throw new Failure(
          ExitCode.NO, name + " is not known", "see \"posthorn keys list\" for those that are");
    }
    root.output(false).note(name + " is forgotten");
    return ExitCode.OK.status();
  }

  @Command(
      name = "import",
      description = {
        "Adds public keys to those that may connect (\"posthorn listen --authorized\").",
        "A key is one line, posthorn-x25519 BASE64 comment, as \"posthorn keys show\" prints it."
      })
  int importKeys(
      @Parameters(
              arity = "0..1",
              defaultValue = "-",
              paramLabel = "FILE",
              description = "Lines of keys; default -, standard input.")
          String file,
      @Option(
              names = "--comment",
              paramLabel = "WORDS",
              defaultValue = "",
              description = "Whose they are, for people.")
          String comment)
      throws IOException, Failure {
    AuthorizedKeys keys = authorizedKeys();
    int added = 0;
    List<NamedKey> found = read(file, "nothing was added");
    Set<Fingerprint> prints = new HashSet<>();
    for (NamedKey key : found) {
      prints.add(key.key().fingerprint());
    }
    refuseRevoked(knownHosts(), prints);
    for (NamedKey key : found) {
      added += keys.add(key.key(), comment.isEmpty() ? key.comment() : comment) ? 1 : 0;
    }
    root.output(false)
        .note(
            added
                + (added == 1 ? " key" : " keys")
                + " added to "
                + IdentityFlags.shown(keys.file(), root)
                + (added < found.size() ? "; the rest stands there already" : ""));
    return ExitCode.OK.status();
  }

  /** A key, and what stands behind it on its line. */
  private record NamedKey(PeerKey key, String comment) {}

  /** Reads lines of keys; {@code remedy} is said of a line that is none. */
  private List<NamedKey> read(String file, String remedy) throws IOException, Failure {
    // What is no UTF-8 is no key, and in a comment does no harm.
    String text = new String(bytes(file), StandardCharsets.UTF_8);
    List<NamedKey> keys = new java.util.ArrayList<>();
    String name = file.equals("-") ? "standard input" : file;
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      if (line.isBlank() || line.strip().startsWith("#")) {
        continue;
      }
      try {
        String[] words = line.strip().split("\\s+", 3);
        keys.add(new NamedKey(PeerKey.parse(line), words.length < 3 ? "" : words[2]));
      } catch (IllegalArgumentException wrong) {
        throw new Failure(
            ExitCode.BAD_DATA, name + " line " + number + ": " + wrong.getMessage(), remedy, wrong);
      }
    }
    if (keys.isEmpty()) {
      throw new Failure(ExitCode.BAD_DATA, "no key in " + name, "give lines of public keys");
    }
    return keys;
  }

  private byte[] bytes(String file) throws IOException, Failure {
    if (file.equals("-")) {
      // A pipe has no length, which FileInputStream.readAllBytes asks for.
      return new BufferedInputStream(root.streams().in()).readAllBytes();
    }
    Path path = InputFile.of(Path.of(file));
    try {
      return Files.readAllBytes(path);
    } catch (FileSystemException named) {
      throw named;
    } catch (IOException failed) {
      throw new Failure(
          ExitCode.IO,
          "cannot read " + file + ": " + failed.getMessage(),
          "check the file",
          failed);
    }
  }
}
