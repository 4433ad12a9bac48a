namespace CustomerInsights.Repository.Shape;

/// <summary>Each rule is broken on purpose once, and kept once: a rule that finds nothing proves nothing.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class RulesTests
{
    [TestCase("class RowHelper;", 1)]
    [TestCase("class BaseStore;", 1)]
    [TestCase("class EventData;", 1)]
    [TestCase("class Database; class Base64Text; class Manage;", 0)]
    public void Names_without_a_subject(string code, int expected) => Expect(Names.Violations(Parse(code)), expected);

    [Test]
    public void Folders_without_a_subject() =>
        Expect(Names.FolderViolations(["services/Segments/Utils/Text.cs", "services/Segments/Utils/More.cs", "services/Database/X.cs"]), 2);

    [TestCase("interface IOne; sealed class A : IOne;", "", 1)]
    [TestCase("interface IOne<T>; sealed class A : IOne<int>; sealed class B : Some.IOne<string>;", "", 0)]
    [TestCase("interface IOne;", "`IOne` is implemented by users.", 0)]
    [TestCase("interface IOne;", "IOneMore is another.", 1)]
    public void Interfaces_with_one_implementation(string code, string decisions, int expected) => Expect(Interfaces.Violations([Parse(code)], decisions), expected);

    [TestCase("class A;", 1)]
    [TestCase("record A;", 1)]
    [TestCase("namespace N; sealed partial class A; partial class A;", 0)]
    [TestCase("record struct A; static class B; abstract class C;", 0)]
    public void Open_classes(string code, int expected) => Expect(Classes.Violations([Parse(code)]), expected);

    [TestCase("sealed class A { Task RunAsync() => null; }", 1)]
    [TestCase("sealed class A { System.Threading.Tasks.Task<int> Run(int a) => null; }", 1)]
    [TestCase("sealed class A { Task RunAsync(CancellationToken t) => null; ValueTask DisposeAsync() => default; Task B(ServerCallContext c) => null; }", 0)]
    [TestCase("sealed class A { public CancellationToken Stopping { get; } Task RunAsync() => null; }", 0)]
    [TestCase("sealed class A : IServerStreamWriter<int> { Task WriteAsync(int a) => null; async Task<T> Then<T>(Task<T> t) => await t; }", 0)]
    [TestCase("sealed class A { override Task RunAsync() => null; void B() {} }", 0)]
    public void Asynchronous_methods_without_a_token(string code, int expected) => Expect(Tokens.Violations(Parse(code)), expected);

    [TestCase("class A { void B(int a, int b, int c, int d, int e, int f, int g) {} }", 1)]
    [TestCase("class A(int a, int b, int c, int d, int e, int f, int g);", 1)]
    [TestCase("record A(int a, int b, int c, int d, int e, int f, int g);", 0)]
    public void Wide_parameter_lists(string code, int expected) => Expect(Sizes.Violations(Parse(code)), expected);

    [TestCase(60, 0)]
    [TestCase(61, 1)]
    public void Long_methods(int lines, int expected) => Expect(Sizes.Violations(Parse($"class A {{ void B() {{{new string('\n', lines - 1)}}} }}")), expected);

    [TestCase(400, 0)]
    [TestCase(401, 1)]
    public void Long_files(int lines, int expected) => Expect(Sizes.Violations(Parse(string.Concat(Enumerable.Repeat("// x\n", lines)))), expected);

    [TestCase("class A { void B() { try { } catch (Exception) { } } }", 1)]
    [TestCase("class A { void B() { try { } catch (OperationCanceledException) { /* why */ } } }", 1)]
    [TestCase("class A { void B() { try { } catch (OperationCanceledException) when (t.IsCancellationRequested) {\n // Stopping.\n } } }", 0)]
    public void Empty_catches(string code, int expected) => Expect(Honesty.EmptyCatches(Parse(code)), expected);

    [Test]
    public void Things_left_for_later() =>
        Expect(Honesty.LeftForLater(Parse($"class A {{ // {"TO" + "DO"}: later\n void B() => throw new NotImplementedException(); }}")), 2);

    [TestCase("class A { void B() => logger.LogInformation(\"x\"); }", 1)]
    [TestCase("class A { static partial class Log { [LoggerMessage] static partial void X(); } void B() {} }", 1)]
    [TestCase("class A { [LoggerMessage] static partial void X(); }", 1)]
    [TestCase("class A { void B() => Log.X(logger); static partial class Log { [LoggerMessage] static partial void X(); } }", 0)]
    public void Logs_by_hand(string code, int expected) => Expect(Honesty.PlainLogs(Parse(code)), expected);

    [TestCase("class A { public override Task<R> Get(Q q, ServerCallContext c) => null; }", 1)]
    [TestCase("class A { [RequiresCaller] public override Task<R> Get(Q q, ServerCallContext c) { try { } catch { throw; } } }", 1)]
    [TestCase("class A { [RequiresRole(Role.Viewer)] public override Task<R> Get(Q q, ServerCallContext c) => null; }", 0)]
    [TestCase("class A : Interceptor { public override Task<R> Get(Q q, ServerCallContext c) { try { } catch { throw; } } }", 0)]
    public void Open_doors(string code, int expected) => Expect(Honesty.OpenDoors(Parse(code)), expected);

    private static SourceFile Parse(string code) => SourceFile.Parse("services/Some.cs", code);

    private static void Expect(IEnumerable<string> violations, int count) => Assert.That(violations.ToList(), Has.Count.EqualTo(count));
}
