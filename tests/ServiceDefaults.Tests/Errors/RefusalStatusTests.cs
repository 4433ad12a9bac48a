using CustomerInsights.ServiceDefaults.Errors;
using Google.Protobuf.Collections;
using Google.Rpc;
using Grpc.Core;

namespace CustomerInsights.ServiceDefaults.Tests.Errors;

[Parallelizable(ParallelScope.All)]
public sealed class RefusalStatusTests
{
    private const int MaxTrailers = 8 * 1024;

    [Test]
    public void Fields_and_descriptions_arrive_in_order()
    {
        var refused = Refusal.Invalid([new("a.b", "is wrong."), new("c", "is not right.")]).ToRpcException();
        Assert.That(refused.Status, Is.EqualTo(new Grpc.Core.Status(StatusCode.InvalidArgument, "a.b: is wrong. c: is not right.")));
        Assert.That(Violations(refused).Select(v => $"{v.Field}: {v.Description}"), Is.EqualTo(new[] { "a.b: is wrong.", "c: is not right." }));
    }

    [TestCase("x")]
    [TestCase("é")]
    [TestCase("😀")]
    [TestCase("%")]
    public void Text_that_a_caller_chose_cannot_break_the_answer(string text)
    {
        var violations = Enumerable.Range(0, 1000).Select(i => new FieldViolation($"f[{i}][{string.Concat(Enumerable.Repeat(text, 50_000))}]", string.Concat(Enumerable.Repeat(text, 5_000)))).ToList();
        var refused = Refusal.Invalid(violations).ToRpcException();
        Assert.That(SizeOnTheWire(refused), Is.LessThan(MaxTrailers));
        Assert.That(Violations(refused)[0].Field, Does.StartWith($"f[0][{text}").And.EndsWith("…"));
        Assert.That(Violations(refused), Has.Count.GreaterThanOrEqualTo(3));
    }

    [Test]
    public void Many_usual_violations_arrive()
    {
        var violations = Enumerable.Range(0, 1000).Select(i => new FieldViolation($"segment.rule.group.conditions[{i}].comparison.values", "must hold exactly 2, but holds 1.")).ToList();
        var refused = Refusal.Invalid(violations).ToRpcException();
        Assert.That(SizeOnTheWire(refused), Is.LessThan(MaxTrailers));
        Assert.That(Violations(refused), Has.Count.GreaterThan(35));
    }

    [Test]
    public void Message_says_that_the_details_hold_more()
    {
        var refused = Refusal.Invalid([.. "abcde".Select(letter => new FieldViolation($"{letter}", "is wrong."))]).ToRpcException();
        Assert.That(refused.Status.Detail, Is.EqualTo("a: is wrong. b: is wrong. c: is wrong. And 2 more: see the field violations in the details."));
        Assert.That(Violations(refused), Has.Count.EqualTo(5));
    }

    [Test]
    public void Long_message_keeps_its_beginning_and_its_reason()
    {
        var refused = Refusal.Precondition("SOME_REASON", "Begin " + new string('x', 10_000)).ToRpcException();
        Assert.That((refused.GetReason(), refused.Status.Detail.Length), Is.EqualTo(("SOME_REASON", 2001)));
        Assert.That(refused.Status.Detail, Does.StartWith("Begin x").And.EndsWith("x…"));
    }

    private static RepeatedField<BadRequest.Types.FieldViolation> Violations(RpcException refused) =>
        refused.GetRichStatus()!.Details.Single(d => d.Is(BadRequest.Descriptor)).Unpack<BadRequest>().FieldViolations;

    private static int SizeOnTheWire(RpcException refused) =>
        Uri.EscapeDataString(refused.Status.Detail).Length + refused.Trailers.Sum(t => t.Key.Length + (t.ValueBytes.Length * 4 / 3));
}
