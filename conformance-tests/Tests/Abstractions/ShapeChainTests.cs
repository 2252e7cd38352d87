using Tokenwright.Conformance;
using Tokenwright.Plugins.Standard;

namespace Tokenwright.Tests.Abstractions;

public class ShapeChainTests
{
    private static readonly ModelInfo Model = new("test", 4, 32, [3]);

    [Fact]
    public void PartsGoByStageThenById()
    {
        var log = new List<string>();
        ILogitsProcessor[] parts =
        [
            new Logged("f", ShapeStage.Typical, log),
            new Logged("e", ShapeStage.MinP, log),
            new Logged("d", ShapeStage.TopP, log),
            new Logged("b", ShapeStage.Penalty, log),
            new Logged("c", ShapeStage.Temperature, log),
            new Logged("a", ShapeStage.Penalty, log),
        ];
        var chain = new ShapeChain(parts.Select(p => KeyValuePair.Create(((Logged)p).Id, p)), new LoggedConstraint(log), Model);
        var states = new ShapeState[chain.StateCount];
        chain.Start(states);

        chain.Apply(new TokenPath([0], 1, []), states, new float[4], chain.CreateDistribution());

        log.Should().Equal("a", "b", "mask", "c", "d", "e", "f");
    }

    [Fact]
    public void StatesFollowTheTokens()
    {
        var log = new List<string>();
        var chain = new ShapeChain(
            [KeyValuePair.Create<string, ILogitsProcessor>("a", new Logged("a", ShapeStage.TopP, log))],
            new LoggedConstraint(log),
            Model
        );
        var states = new ShapeState[chain.StateCount];
        chain.Start(states);
        var row = chain.CreateDistribution();
        row.Load(new float[4]);

        chain.Next(states, row, 2, states);
        chain.Next(states, row, 1, states);
        chain.Next(states, row, 3, states);

        states[0].Bits.Should().Be(213);
        states[1].Bits.Should().Be(21, "a constraint is not asked to follow end tokens");
    }

    [Fact]
    public void ArgMaxEndsTheChainAndSkipsWhatCannotChangeIt()
    {
        Run.Shape(Table(), [new Temperature(), new TopKCut { Value = 2 }, new TopPCut { Value = 0.5 }])
            .IsPlainArgMax.Should()
            .BeTrue();
        var penalised = Run.Shape(Table(), [new Temperature(), new TopKCut { Value = 2 }, new RepetitionPenalty { Penalty = 2 }]);
        penalised.IsPlainArgMax.Should().BeFalse();
        penalised.TakesArgMax.Should().BeTrue();
        penalised.StateCount.Should().Be(3);
        var sampled = Run.Shape(Table(), [new Temperature { Value = 1 }, new TopKCut { Value = 2 }]);
        sampled.TakesArgMax.Should().BeFalse();
        sampled.StateCount.Should().Be(2, "temperature 1 is left out");
    }

    [Fact]
    public void WhatTakesTheArgMaxIsTheLastOfItsStage()
    {
        var log = new List<string>();
        var chain = Run.Shape(Table(), [new Earliest(), new Logged("z", ShapeStage.Temperature, log)]);
        var row = chain.CreateDistribution();
        var states = new ShapeState[chain.StateCount];
        chain.Start(states);

        chain.Apply(new TokenPath([0], 1, []), states, new float[4], row);

        log.Should().Equal("z");
        row.Count.Should().Be(1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    public void NothingLeftIsAnError(double temperature)
    {
        var model = TableModel.Random(4, 1, seed: 0, ends: [3]);
        var request = Tokenwright.Conformance.Texts.Plain(
            model,
            [1],
            3,
            new KeyedRandomness(0),
            new Temperature { Value = temperature },
            new ForbidsAll()
        );

        var run = () => Run.Text(request);

        run.Should().Throw<InvalidOperationException>();
    }

    private static TableModel Table() => TableModel.Random(4, 1, seed: 0);

    private sealed class Logged(string id, ShapeStage stage, List<string> log) : ILogitsProcessor
    {
        public string Id => id;

        public ShapeStage Stage => stage;

        public bool IsActive => true;

        public bool ChangesArgMax => true;

        public void Apply(in TokenPath path, in ShapeState state, Distribution row) => log.Add(id);

        public ShapeState Next(in ShapeState state, Distribution row, int token) => new(state.Bits * 10 + token);
    }

    [LogitsProcessor("earliest", "Takes the arg-max, and its id comes first.")]
    private sealed class Earliest : ILogitsProcessor
    {
        public ShapeStage Stage => ShapeStage.Temperature;

        public bool IsActive => true;

        public bool ChangesArgMax => false;

        public bool TakesArgMax => true;

        public void Apply(in TokenPath path, in ShapeState state, Distribution row) => row.KeepOnly(row.ArgMax());
    }

    private sealed class ForbidsAll : ILogitsProcessor
    {
        public ShapeStage Stage => ShapeStage.Penalty;

        public bool IsActive => true;

        public bool ChangesArgMax => true;

        public void Apply(in TokenPath path, in ShapeState state, Distribution row) =>
            row.ChangeDense().Fill(float.NegativeInfinity);
    }

    private sealed class LoggedConstraint(List<string> log) : ITokenConstraint
    {
        public bool IsActive => true;

        public ShapeState Start => default;

        public void Mask(in ShapeState state, Span<ulong> allowed)
        {
            allowed.Fill(ulong.MaxValue);
            log.Add("mask");
        }

        public ShapeState Next(in ShapeState state, int token) => new(state.Bits * 10 + token);

        public bool Allows(in ShapeState state, int token) => true;
    }
}
