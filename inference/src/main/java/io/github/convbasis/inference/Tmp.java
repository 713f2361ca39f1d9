package io.github.convbasis.inference;

final class Tmp {}
