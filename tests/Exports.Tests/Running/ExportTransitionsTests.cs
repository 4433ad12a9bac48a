using CustomerInsights.Exports.Running;
using Wire = CustomerInsights.Contracts.Exports.V1;

namespace CustomerInsights.Exports.Tests.Running;

[Parallelizable(ParallelScope.All)]
internal sealed class ExportTransitionsTests
{
    // The whole table, written out: a row for each state, a column for each action.
    private static readonly (RunState State, RunState?[] After)[] Table =
    [
        // Begin, RequestCancel, Succeed, Fail, Skip, ConfirmCancel
        (RunState.Queued, [RunState.Processing, RunState.Canceled, null, RunState.Failed, RunState.Skipped, RunState.Canceled]),
        (RunState.Processing, [RunState.Processing, RunState.Processing, RunState.Successful, RunState.Failed, RunState.Skipped, RunState.Canceled]),
        (RunState.Successful, [null, null, null, null, null, null]),
        (RunState.Failed, [null, null, null, null, null, null]),
        (RunState.Skipped, [null, null, null, null, null, null]),
        (RunState.Canceled, [null, null, null, null, null, null]),
    ];

    private static IEnumerable<TestCaseData> AllPairs() =>
        from row in Table
        from action in Enum.GetValues<RunAction>()
        select new TestCaseData(row.State, action, row.After[(int)action]);

    [TestCaseSource(nameof(AllPairs))]
    public void Next_of_every_pair_is_as_the_table_says(RunState state, RunAction action, RunState? expected) =>
        Assert.That(ExportTransitions.Next(state, action), Is.EqualTo(expected));

    [Test]
    public void Table_covers_every_state_and_action()
    {
        Assert.That(Table.Select(row => row.State), Is.EqualTo(Enum.GetValues<RunState>()));
        Assert.That(Table.Select(row => row.After.Length), Has.All.EqualTo(Enum.GetValues<RunAction>().Length));
    }

    [Test]
    public void Active_states_are_those_that_some_action_can_leave()
    {
        foreach (var state in Enum.GetValues<RunState>())
        {
            var canBeLeft = Enum.GetValues<RunAction>().Any(action => ExportTransitions.Next(state, action) is not null);
            Assert.That(state.IsActive(), Is.EqualTo(canBeLeft), state.ToString());
        }
    }

    [Test]
    public void States_and_triggers_are_numbered_as_in_the_contract()
    {
        Assert.That(Enum.GetValues<RunState>().Select(state => (state.ToString(), (int)state)), Is.EqualTo(Contract<Wire.RunState>()));
        Assert.That(Enum.GetValues<RunTrigger>().Select(trigger => (trigger.ToString(), (int)trigger)), Is.EqualTo(Contract<Wire.RunTrigger>()));
    }

    private static IEnumerable<(string Name, int Number)> Contract<T>()
        where T : struct, Enum => Enum.GetValues<T>().Select(value => (value.ToString(), Convert.ToInt32(value, null))).Where(value => value.Item2 != 0);
}
