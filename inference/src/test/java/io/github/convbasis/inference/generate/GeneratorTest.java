package io.github.convbasis.inference.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.convbasis.backend.Backends;
import io.github.convbasis.backend.Parallelism;
import io.github.convbasis.inference.embed.AttentionChoice;
import io.github.convbasis.inference.generate.Generator.Ending;
import io.github.convbasis.inference.model.AttentionRun;
import io.github.convbasis.inference.model.AttentionStep;
import io.github.convbasis.inference.model.BundledModel;
import io.github.convbasis.inference.model.ByteVocabulary;
import io.github.convbasis.inference.model.LlamaModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class GeneratorTest {
  private static final Parallelism ONE = Parallelism.sequential();
  private static final int[] PROMPT = ByteVocabulary.tokens("And it came to pass");
  private static LlamaModel model;

  @BeforeAll
  static void load() throws IOException {
    model = BundledModel.load();
  }

  private static Generator generator(TokenSampler sampler, int vocabulary, Set<Integer> ends) {
    AttentionRun run = AttentionRun.of(AttentionChoice.exact(Backends.auto()));
    return new Generator(model, sampler, run, vocabulary, ends);
  }

  /** What the full forward pass, run again for every token, finds most likely. */
  private static List<Integer> followed(int count) {
    AttentionStep exact = AttentionStep.exact(Backends.auto());
    List<Integer> tokens = new ArrayList<>();
    int[] text = PROMPT;
    for (int i = 0; i < count; i++) {
      float[] logits = model.forwardLast(text, exact, ONE);
      int best = TokenSampler.greedy().next(logits);
      tokens.add(best);
      text = Arrays.copyOf(text, text.length + 1);
      text[text.length - 1] = best;
    }
    return tokens;
  }

  @Test
  void greedyTextIsThatOfFullForwardPasses() {
    List<Integer> expected = followed(30);
    for (int chunk : new int[] {1, 5, 100}) {
      List<Integer> tokens = new ArrayList<>();
      Generator.Result result =
          generator(TokenSampler.greedy(), 256, Set.of())
              .generate(PROMPT, 30, chunk, tokens::add, ONE);
      assertEquals(expected, tokens);
      assertEquals(Ending.TOKEN_LIMIT, result.ending());
      assertEquals(30, result.generated());
      assertEquals(PROMPT.length, result.prompt().tokens());
      assertEquals(29, result.generation().tokens());
      assertTrue(result.prompt().attentionNanos() < result.prompt().nanos());
      assertTrue(result.generation().tokensPerSecond() > 0);
    }
  }

  @Test
  void itEndsWhereItShould() {
    List<Integer> text = followed(12);
    int end = text.get(7);
    int first = text.indexOf(end);
    List<Integer> tokens = new ArrayList<>();
    Generator ending = generator(TokenSampler.greedy(), 256, Set.of(end));
    Generator.Result result = ending.generate(PROMPT, 12, 64, tokens::add, ONE);
    assertEquals(Ending.END_TOKEN, result.ending());
    assertEquals(text.subList(0, first), tokens);
    assertEquals(first + 1, result.generated());

    Generator plain = generator(TokenSampler.greedy(), 256, Set.of());
    assertEquals(Ending.STOPPED, plain.generate(PROMPT, 12, 64, token -> false, ONE).ending());
    Generator.Result none = plain.generate(PROMPT, 0, 64, token -> true, ONE);
    assertEquals(Ending.TOKEN_LIMIT, none.ending());
    assertEquals(0, none.generated());
    assertTrue(Double.isNaN(none.generation().tokensPerSecond()));

    int[] full = new int[model.config().contextLength() - 2];
    Arrays.fill(full, 'a');
    Generator.Result filled = plain.generate(full, 99, 512, token -> true, ONE);
    assertEquals(Ending.CONTEXT_FULL, filled.ending());
    assertEquals(3, filled.generated());
    assertEquals(2, filled.generation().tokens());
  }

  @Test
  void onlyTokensThatHaveATextAreGenerated() {
    List<Integer> tokens = new ArrayList<>();
    // Letters are beyond the first 64 bytes.
    generator(TokenSampler.of(1, 0, 1, 3), 64, Set.of()).generate(PROMPT, 40, 64, tokens::add, ONE);
    assertEquals(40, tokens.size());
    assertTrue(tokens.stream().allMatch(token -> token < 64), tokens.toString());
    for (int vocabulary : new int[] {0, 257}) {
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class,
              () -> generator(TokenSampler.greedy(), vocabulary, Set.of()));
      assertEquals(
          "vocabulary must be from 1 to the model's 256, was " + vocabulary, e.getMessage());
    }
    Generator plain = generator(TokenSampler.greedy(), 256, Set.of());
    assertThrows(
        IllegalArgumentException.class, () -> plain.generate(PROMPT, -1, 64, t -> true, ONE));
  }
}
