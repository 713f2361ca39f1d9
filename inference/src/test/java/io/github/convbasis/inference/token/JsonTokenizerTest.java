package io.github.convbasis.inference.token;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.util.Utils;
import io.github.convbasis.inference.json.FileFormatException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Hand-made files: {@code bytes.json} is byte-level BPE of the 256 bytes, each its own number;
 * {@code merges.json} adds "th", "the", " the", the first two bytes of the euro sign and a special
 * token; {@code pieces.json} is in the manner of Llama 2; {@code words.json} has five words, and
 * asks for texts to be cut and filled up.
 */
class JsonTokenizerTest {
  private static final String TEXT = "the naïve 漢字 🙂 € theory\n";

  @TempDir Path directory;

  private String content(String name) throws IOException {
    try (InputStream in = JsonTokenizerTest.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private JsonTokenizer tokenizer(String name, int vocabulary) throws IOException {
    Files.writeString(directory.resolve(JsonTokenizer.FILE), content(name));
    return JsonTokenizer.read(directory, vocabulary);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Decodes one by one; what was given out must never change. */
  private static String streamed(Tokenizer tokenizer, int... tokens) {
    TokenDecoder decoder = tokenizer.newDecoder();
    StringBuilder text = new StringBuilder();
    for (int token : tokens) {
      text.append(decoder.add(token));
    }
    return text.append(decoder.end()).toString();
  }

  @Test
  void byteLevelTokensOfSingleBytesAreTheBytes() throws IOException {
    Tokenizer bytes = new ByteTokenizer();
    try (JsonTokenizer json = tokenizer("bytes.json", 256)) {
      assertEquals(256, json.size());
      assertArrayEquals(bytes.encode(utf8(TEXT)), json.encode(utf8(TEXT)));
      assertEquals(TEXT, streamed(json, json.encode(utf8(TEXT))));
      assertArrayEquals(new int[0], json.encode(new byte[0]));
      assertEquals("token", json.unit());
    }
    assertTrue(Utils.isOfflineMode(), "nothing may be downloaded");
  }

  /** Tests have these on the class path, a module path needs them asked for. */
  @Test
  void theModuleAsksForWhatTheLibraryCannot() {
    ModuleDescriptor module = JsonTokenizer.class.getModule().getDescriptor();
    Set<String> required =
        module.requires().stream().map(ModuleDescriptor.Requires::name).collect(Collectors.toSet());
    assertTrue(required.containsAll(Set.of("org.slf4j", "com.google.gson")), required.toString());
  }

  @Test
  void mergesAndSpecialTokens() throws IOException {
    try (JsonTokenizer json = tokenizer("merges.json", 300)) {
      assertEquals(261, json.size());
      // "the" and " the" by their merges, "€" as its first two bytes and the last one.
      assertArrayEquals(new int[] {257, 258, ' ', 259, 0xac}, json.encode(utf8("the the €")));
      assertArrayEquals(new int[] {'a', 260}, json.encode(utf8("a<end>")));
      assertEquals("a", streamed(json, 'a', 260));
      assertEquals(TEXT, streamed(json, json.encode(utf8(TEXT))));
    }
  }

  @Test
  void aCharacterComesWithItsLastToken() throws IOException {
    try (JsonTokenizer json = tokenizer("merges.json", 300)) {
      TokenDecoder decoder = json.newDecoder();
      assertEquals("a", decoder.add('a'));
      assertEquals("", decoder.add(259));
      assertEquals("€", decoder.add(0xac));
      assertEquals(" the", decoder.add(258));
      assertEquals("", decoder.add(0xf0));
      assertEquals("\uFFFD", decoder.end());
      assertEquals("b", decoder.add('b'));
    }
  }

  /**
   * In the manner of Llama 2: spaces as "▁", one before the text, a start token, bytes one by one.
   */
  @Test
  void piecesWithBytesToFallBackOn() throws IOException {
    try (JsonTokenizer json = tokenizer("pieces.json", 400)) {
      int byteAt = 3;
      int[] tokens = {1, 265, 259, byteAt + 0xe2, byteAt + 0x82, byteAt + 0xac, 265};
      assertArrayEquals(tokens, json.encode(utf8("the € the")));
      TokenDecoder decoder = json.newDecoder();
      String[] expected = {"", "the", " ", "", "", "€", " the"};
      for (int i = 0; i < tokens.length; i++) {
        assertEquals(expected[i], decoder.add(tokens[i]), "token " + i);
      }
      assertEquals("", decoder.end());
      // A text that goes on after a prompt keeps the space that the start of a text loses.
      assertEquals("the the", streamed(json, 265, 265));
      assertEquals(" the", json.newDecoder(1, 265).add(265));
      assertEquals("the", json.newDecoder().add(265));
      int[] prompt = new int[50];
      Arrays.fill(prompt, 265);
      assertEquals(" the", json.newDecoder(prompt).add(265));
      assertThrows(IllegalArgumentException.class, () -> json.newDecoder(1, 400));
      assertEquals("a the 🙂 ha", streamed(json, json.encode(utf8("a the 🙂 ha"))));
      assertArrayEquals(new int[] {1}, json.encode(new byte[0]));
    }
  }

  @Test
  void bytesThatAreNoTextDoNotHoldUpTheRest() throws IOException {
    try (JsonTokenizer json = tokenizer("bytes.json", 256)) {
      int[] tokens = new int[40];
      Arrays.fill(tokens, 0xff);
      String text = streamed(json, tokens);
      assertEquals("\uFFFD".repeat(40), text);
      TokenDecoder decoder = json.newDecoder();
      StringBuilder soon = new StringBuilder();
      for (int i = 0; i < 10; i++) {
        soon.append(decoder.add(0xff));
      }
      assertTrue(soon.length() >= 8, "given out without waiting for the end: " + soon.length());
    }
  }

  @Test
  void wordsAreNeitherCutNorFilledUp() throws IOException {
    try (JsonTokenizer json = tokenizer("words.json", 5)) {
      assertEquals(5, json.size());
      assertArrayEquals(new int[] {1, 2, 3, 0, 4}, json.encode(utf8("in the beginning was word")));
      assertEquals("in the beginning", streamed(json, 1, 2, 3));
    }
  }

  @Test
  void textsThatAreNotUtf8AreRefused() throws IOException {
    try (JsonTokenizer json = tokenizer("words.json", 5)) {
      byte[] wrong = {'i', 'n', (byte) 0xff, 'x'};
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> json.encode(wrong));
      assertEquals("text must be UTF-8, was 0xff at byte 2", e.getMessage());
      byte[] unfinished = {'i', (byte) 0xe2, (byte) 0x82};
      assertEquals(
          "text must be UTF-8, was 0xe2 at byte 1",
          assertThrows(IllegalArgumentException.class, () -> json.encode(unfinished)).getMessage());
    }
  }

  @Test
  void aCharacterMapIsApplied() throws IOException {
    // A trie in which every byte leads to a unit that is not its own: it finds nothing.
    String map = Base64.getEncoder().encodeToString(Arrays.copyOf(new byte[] {0, 4}, 4 + 1024));
    String content =
        content("words.json")
            .replace(
                "\"normalizer\": null",
                "\"normalizer\": {\"type\": \"Precompiled\", \"precompiled_charsmap\": \""
                    + map
                    + "\"}");
    Files.writeString(directory.resolve(JsonTokenizer.FILE), content);
    try (JsonTokenizer json = JsonTokenizer.read(directory, 5)) {
      assertArrayEquals(new int[] {1, 2}, json.encode(utf8("in the")));
    }
  }

  @Test
  void wordsThatNoTokenStandsForAreRefused() throws IOException {
    String content = content("words.json").replace("\"[UNK]\": 0", "\"zero\": 0");
    Path file = directory.resolve(JsonTokenizer.FILE);
    Files.writeString(file, content);
    try (JsonTokenizer json = JsonTokenizer.read(directory, 5)) {
      assertArrayEquals(new int[] {1, 2}, json.encode(utf8("in the")));
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> json.encode(utf8("in me")));
      String start = "text cannot be cut into tokens of " + file + ": ";
      assertTrue(e.getMessage().startsWith(start), e.getMessage());
      assertTrue(e.getMessage().contains("[UNK]"), e.getMessage());
    }
  }

  @Test
  void tokensOutsideTheVocabularyAreRefused() throws IOException {
    try (JsonTokenizer json = tokenizer("words.json", 5)) {
      for (Tokenizer tokenizer : new Tokenizer[] {json, new ByteTokenizer()}) {
        for (int token : new int[] {-1, tokenizer.size()}) {
          IllegalArgumentException e =
              assertThrows(IllegalArgumentException.class, () -> tokenizer.newDecoder().add(token));
          assertEquals(
              "token must be from 0 to " + (tokenizer.size() - 1) + ", was " + token,
              e.getMessage());
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      quoteCharacter = '`',
      value = {
        "\"word\":4 # \"word\":5 # token 'word' must be from 0 to 4, which the model's embedding has",
        "\"word\":4 # \"word\":5 # (vocab_size), was 5",
        "\"word\":4 # \"word\":-1 # was -1",
        "\"word\":4 # \"word\":4.5 # token 'word' must have a whole number, was 4.5",
        "\"word\":4 # \"word\":\"x\" # token 'word' must have a whole number, was \"x\"",
        "\"word\":4 # \"word\":99999999999999999999 # must have a whole number",
        "\"added_tokens\":[] # \"added_tokens\":[{\"id\":7,\"content\":\"<e>\"}] # '<e>' must be from",
        "\"added_tokens\":[] # \"added_tokens\":[{\"content\":\"<e>\"}] # '<e>' must have a whole",
        "\"vocab\":{ # \"vocap\":{ # field model.vocab is missing",
        "\"model\":{ # \"modell\":{ # field model is missing",
        "\"type\":\"WordLevel\" # \"type\":\"Sorcery\" # is not understood",
        "\"type\":\"Whitespace\" # \"type\":\"Sorcery\" # is not understood",
        "\"normalizer\":null # \"normalizer\":{\"type\":\"Precompiled\"} # is missing",
        "\"normalizer\":null # \"normalizer\":{\"type\":\"Precompiled\",\"precompiled_charsmap\":7} # must be a string, was 7",
        "\"normalizer\":null # \"normalizer\":{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"*\"} # must be base64, was *",
        "\"normalizer\":null # \"normalizer\":{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AA\"} # must be base64 with padding, was AA",
        "\"normalizer\":null # \"normalizer\":{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAAA\"} # must begin with a size of 4 bytes, has 3",
        "\"normalizer\":null # \"normalizer\":{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"/////w==\"} # must have a trie of 4 to 0 bytes by its length, was 4294967295",
        "\"normalizer\":null # \"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"BAAAAAAAAABh/w==\"}]} # must end with UTF-8 text, did not from byte 9 on",
        "\"unk_token\":\"[UNK]\" # \"unk_token\":7 # is not understood",
      })
  void unsoundFilesAreRefused(String from, String to, String saying) throws IOException {
    String sound = content("words.json").replace(" ", "");
    assertTrue(sound.contains(from), sound);
    refused(sound.replace(from, to), saying);
  }

  private void refused(String content, String saying) throws IOException {
    Path file = directory.resolve(JsonTokenizer.FILE);
    Files.writeString(file, content);
    FileFormatException e =
        assertThrows(FileFormatException.class, () -> JsonTokenizer.read(directory, 5).close());
    assertTrue(e.getMessage().startsWith(file + ": "), e.getMessage());
    assertTrue(e.getMessage().contains(saying), e.getMessage() + " does not say: " + saying);
    assertEquals(1, e.getMessage().lines().count());
  }

  @Test
  void otherThingsThanTokenizersAreRefused() throws IOException {
    String sound = content("words.json");
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 100; i++) {
      refused(sound.substring(0, random.nextInt(sound.length() - 1)), "");
    }
    refused("", "must hold a JSON object, holds nothing");
    refused("[]", "must hold a JSON object, holds []");
    refused("{}", "field model is missing");
    refused("hello", "malformed JSON");
    refused("{\"model\":{\"vocab\":{}}}", "field model.vocab must have a token, was {}");
    refused("{\"model\":{\"vocab\":3}}", "field model.vocab must be an object or an array, was 3");
    refused("{\"model\":{\"vocab\":[1,2,3,4,5,6]}}", "token 5 must be from 0 to 4");
    Files.delete(directory.resolve(JsonTokenizer.FILE));
    IOException e = assertThrows(IOException.class, () -> JsonTokenizer.read(directory, 5));
    assertTrue(e.getMessage().endsWith("tokenizer.json: no such file"), e.getMessage());
  }
}
