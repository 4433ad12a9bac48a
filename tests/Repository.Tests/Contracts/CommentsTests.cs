using System.Text.RegularExpressions;
using CustomerInsights.Reference.Reading;
using Grpc.Core;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace CustomerInsights.Repository.Contracts;

/// <summary>What comments promise of a method is what the code does; that a comment is there at all, buf sees to.</summary>
[Parallelizable(ParallelScope.All)]
public sealed partial class CommentsTests
{
    private static readonly Lazy<HashSet<string>> Literals = new(() =>
    [
        .. SourceFile.Services.SelectMany(f => f.Tree.DescendantNodes()).OfType<LiteralExpressionSyntax>().Select(l => l.Token.Value).OfType<string>(),
    ]);

    private static readonly HashSet<string> Statuses = [.. Enum.GetNames<StatusCode>().Select(name => WordStart().Replace(name, "_").ToUpperInvariant())];

    [Test]
    public async Task Every_method_says_who_may_what_a_repeat_does_and_how_it_fails() => Rule.Holds(
        from found in await Described.MethodsAsync()
        where !found.Method.Comment.Labels.Select(l => l.Label).SequenceEqual(Comment.Known) || found.Method.Comment.Text.Count == 0
        select $"{found.Name}: its comment must say what it does and close with the lines {string.Join(", ", Comment.Known.Select(l => $"\"{l}: …\""))}, in this order.");

    [Test]
    public async Task Comments_say_who_may_call_as_the_code_does() => Rule.Holds(
        from found in await Described.MethodsAsync()
        let written = found.Method.Comment.Behind("Needs").Split(';')[0].TrimEnd('.')
        let required = DoorRequirement.Of(found.Service.Name, found.Method.Name)
        where written != required
        select $"{found.Name}: its comment says \"Needs: {written}\", its code says \"{required}\". After \";\" may follow what the use case checks.");

    [Test]
    public async Task Comments_name_errors_that_there_are() => Rule.Holds(
        from found in await Described.MethodsAsync()
        from complaint in Complaints(found.Method.Comment.Behind("Errors"))
        select $"{found.Name}: {complaint}");

    [Test]
    public async Task No_comment_only_repeats_the_name()
    {
        var packages = await Described.PackagesAsync();
        var fields = packages.SelectMany(p => p.Messages).SelectMany(m => m.Fields, (m, f) => (Name: $"{m.Name}.{f.Name}", Own: f.Name, f.Comment));
        var values = packages.SelectMany(p => p.Enumerations).SelectMany(e => e.Values, (e, v) => (v.Name, Own: v.Name, v.Comment));
        Rule.Holds(
            from item in fields.Concat(values)
            where SaysNothing(item.Own, item.Comment)
            select $"{item.Name}: \"{string.Join(' ', item.Comment.Text)}\" says no more than the name; say meaning, unit, limits.");
    }

    [TestCase("customer_id", "The customer id.", true)]
    [TestCase("rows", "Rows.", true)]
    [TestCase("customer_id", "The customer id, up to 200 characters.", false)]
    public void Empty_comments_are_found(string name, string comment, bool expected) =>
        Assert.That(SaysNothing(name, Comment.Parse(comment)), Is.EqualTo(expected));

    private static bool SaysNothing(string name, Comment comment)
    {
        var known = name.ToLowerInvariant().Split('_').Concat(["the", "a", "an", "of", "its"]).ToHashSet();
        return Word().Matches(string.Join(' ', comment.Text).ToLowerInvariant()).All(word => known.Contains(word.Value));
    }

    private static IEnumerable<string> Complaints(string errors)
    {
        foreach (var clause in errors.Split(';').Select(clause => clause.Trim()))
        {
            var status = Word().Match(clause).Value;
            if (!Statuses.Contains(status))
            {
                yield return $"\"{clause}\" of its errors must begin with a status of gRPC.";
            }
        }

        foreach (var reason in Reason().Matches(errors).Select(m => m.Value).Where(r => !Statuses.Contains(r) && !Literals.Value.Contains(r)))
        {
            yield return $"names the reason {reason}, which no service gives.";
        }
    }

    [GeneratedRegex("(?<=[a-z])(?=[A-Z])")]
    private static partial Regex WordStart();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();

    [GeneratedRegex(@"\b[A-Z]{2,}(?:_[A-Z0-9]+)+\b")]
    private static partial Regex Reason();
}
