using CustomerInsights.Reference.Reading;
using CustomerInsights.Reference.Writing;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Label = Google.Protobuf.Reflection.FieldDescriptorProto.Types.Label;
using Type = Google.Protobuf.Reflection.FieldDescriptorProto.Types.Type;

namespace CustomerInsights.Repository.Contracts;

/// <summary>The reference shows also what the contracts of today do not have.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class ReferenceTests
{
    [TestCase("\"<identifier>\": true | `<a|b>` x_y", @"""\<identifier\>"": true \| `<a|b>` x_y")]
    [TestCase(@"environments/* [1] \", @"environments/\* \[1\] \\")]
    public void Text_is_shown_unchanged(string text, string expected) => Assert.That(Markdown.Escape(text), Is.EqualTo(expected));

    [Test]
    public void A_comment_is_read_as_paragraphs_and_labelled_lines()
    {
        var comment = Comment.Parse(" Paints a\n segment.\n\n Twice is fine.\n\n Needs: viewer.\n Errors: NOT_FOUND;\n   ABORTED.\n");

        Assert.That(comment.Text, Is.EqualTo(new[] { "Paints a segment.", "Twice is fine." }));
        Assert.That(comment.Labels, Is.EqualTo(new[] { ("Needs", "viewer."), ("Errors", "NOT_FOUND; ABORTED.") }));
    }

    [Test]
    public void Nested_types_maps_choices_and_other_packages_are_described()
    {
        var other = new FileDescriptorProto { Name = "b.proto", Package = "b.v1", SourceCodeInfo = new SourceCodeInfo(), MessageType = { new DescriptorProto { Name = "Other" } } };
        var set = new FileDescriptorSet { File = { Paint(), other } };

        var pages = Pages.Write(Descriptors.Read(set.ToByteArray()));

        Assert.That(pages.Keys, Is.EquivalentTo(new[] { "a.v1.md", "b.v1.md", "README.md" }));
        Assert.That(pages["a.v1.md"], Does.Contain("### Outer.Inner\n").And.Contain("### Outer.Shade\n"));
        Assert.That(pages["a.v1.md"], Does.Contain("| `inner` = 1 | repeated [Outer.Inner](#outerinner) |"));
        Assert.That(pages["a.v1.md"], Does.Contain("| `by_name` = 2 | map of [Outer.Shade](#outershade) by string |"));
        Assert.That(pages["a.v1.md"], Does.Contain("| `text` = 3 | string | One of `kind`."));
        Assert.That(pages["a.v1.md"], Does.Contain("| `maybe` = 4 | optional [Other](b.v1.md#other) |"));
        Assert.That(pages["README.md"], Does.Contain("Messages: [Outer](a.v1.md#outer), [Outer.Inner](a.v1.md#outerinner)."));
    }

    private static FileDescriptorProto Paint() => new()
    {
        Name = "a.proto",
        Package = "a.v1",
        SourceCodeInfo = new SourceCodeInfo(),
        MessageType =
        {
            new DescriptorProto
            {
                Name = "Outer",
                OneofDecl = { new OneofDescriptorProto { Name = "kind" }, new OneofDescriptorProto { Name = "_maybe" } },
                NestedType =
                {
                    new DescriptorProto { Name = "Inner" },
                    new DescriptorProto
                    {
                        Name = "ByNameEntry",
                        Options = new MessageOptions { MapEntry = true },
                        Field = { Field("key", 1, Type.String), Field("value", 2, Type.Enum, ".a.v1.Outer.Shade") },
                    },
                },
                EnumType = { new EnumDescriptorProto { Name = "Shade" } },
                Field =
                {
                    Field("inner", 1, Type.Message, ".a.v1.Outer.Inner", Label.Repeated),
                    Field("by_name", 2, Type.Message, ".a.v1.Outer.ByNameEntry", Label.Repeated),
                    Choice(Field("text", 3, Type.String), 0),
                    Choice(Field("maybe", 4, Type.Message, ".b.v1.Other"), 1, isOptional: true),
                },
            },
        },
    };

    private static FieldDescriptorProto Field(string name, int number, Type type, string typeName = "", Label label = Label.Optional) =>
        new() { Name = name, Number = number, Type = type, TypeName = typeName, Label = label };

    private static FieldDescriptorProto Choice(FieldDescriptorProto field, int choice, bool isOptional = false)
    {
        field.OneofIndex = choice;
        field.Proto3Optional = isOptional;
        return field;
    }
}
