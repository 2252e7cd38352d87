using Tokenwright.Host;

namespace Tokenwright.Tests.Host;

public sealed class HostSettingsTests : IDisposable
{
    private readonly string _file = Path.Combine(
        Directory.CreateTempSubdirectory("tokenwright-settings-").FullName,
        "plugins.json"
    );

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_file)!, recursive: true);

    [Fact]
    public void Everything_that_a_file_may_say_is_read()
    {
        var settings = Read(
            """
            {
              "$schema": "docs/plugins.schema.json",
              // Comments and trailing commas are fine.
              "folders": ["plugins", "/opt/more"],
              "hashes": "strict",
              "hangSeconds": 1.5,
              "plugins": {
                "TopA": {
                  "enabled": false,
                  "contract": "[0.1,1.0)",
                  "files": { "TopA.dll": "ABCDEF0000000000000000000000000000000000000000000000000000000000" },
                  "options": { "top-a": 0.95, "words": ["a,b", 2, true], "name": "x", "flag": false },
                },
              },
              "defaults": { "method": "a", "samplingMethod": "b", "model": "c" },
            }
            """
        );

        settings.File.Should().Be(_file);
        settings.Folders.Should().Equal(Path.Combine(Path.GetDirectoryName(_file)!, "plugins"), "/opt/more");
        var plugin = settings.For("TopA");
        plugin.Enabled.Should().BeFalse();
        plugin.Contract.Should().Be("[0.1,1.0)");
        plugin.Files.Should().ContainSingle().Which.Value.Should().StartWith("abcdef0");
        settings.Hashes.Should().Be(HashPolicy.Strict);
        settings.HangLimit.Should().Be(TimeSpan.FromSeconds(1.5));
        plugin
            .Options.Should()
            .Equal(
                new Dictionary<string, string>
                {
                    ["top-a"] = "0.95",
                    ["words"] = @"a\,b,2,true",
                    ["name"] = "x",
                    ["flag"] = "false",
                }
            );
        settings
            .Defaults.Should()
            .Be(
                new DefaultSettings
                {
                    Method = "a",
                    SamplingMethod = "b",
                    Model = "c",
                }
            );
        settings.For("Another").Enabled.Should().BeTrue();
    }

    [Fact]
    public void An_empty_object_means_the_defaults()
    {
        var settings = Read("{}");
        settings.Folders.Should().Equal(Path.Combine(Path.GetDirectoryName(_file)!, "plugins"));
        settings.Defaults.Should().Be(new DefaultSettings { Method = "greedy", SamplingMethod = "sampling" });
    }

    [Fact]
    public void The_file_of_the_repository_is_read() =>
        HostSettings.Load(Path.Combine(PluginWorkshop.RepositoryRoot, "plugins.json")).Defaults.Method.Should().Be("greedy");

    [Theory]
    [InlineData(
        "{\n  \"foldres\": []\n}",
        2,
        3,
        "unknown key 'foldres' in the file. Did you mean 'folders'? Allowed are $schema, folders, hashes, hangSeconds, plugins, defaults."
    )]
    [InlineData(
        "{ \"plugins\": { \"é\": { \"sha\": 1 } } }",
        1,
        23,
        "unknown key 'sha' in plugin 'é'. Allowed are enabled, contract, files, options."
    )]
    [InlineData("{ \"folders\": \"plugins\" }", 1, 14, "'folders' must be a list [ … ] of texts, not the text \"plugins\".")]
    [InlineData(
        "{ \"folders\": [1] }",
        1,
        15,
        "'an element of folders' must be a text in quotes that is not empty, not the number 1."
    )]
    [InlineData("{ \"plugins\": [] }", 1, 14, "'plugins' must be an object { … }, not a list.")]
    [InlineData(
        "{ \"plugins\": { \"A\": { \"enabled\": \"yes\" } } }",
        1,
        34,
        "'enabled' must be true or false, not the text \"yes\"."
    )]
    [InlineData(
        "{ \"plugins\": { \"A\": { \"files\": { \"A.dll\": \"12\" } } } }",
        1,
        43,
        "'A.dll' in 'files' of plugin 'A' must be a SHA-256, 64 hexadecimal digits."
    )]
    [InlineData(
        "{ \"plugins\": { \"A\": { \"files\": { \"../A.dll\": \"12\" } } } }",
        1,
        46,
        "'../A.dll' in 'files' of plugin 'A' must be a path in the plugin's folder, joined by '/'."
    )]
    [InlineData("{ \"plugins\": { \"A\": { \"files\": {} } } }", 1, 33, "'files' of plugin 'A' must name at least one file.")]
    [InlineData(
        "{ \"plugins\": { \"A\": { \"contract\": \"new\" } } }",
        1,
        35,
        "'contract' of plugin 'A' must be a range of versions such as [0.1,1.0), not \"new\"."
    )]
    [InlineData("{ \"hashes\": \"no\" }", 1, 13, "'hashes' must be one of pinned, strict, warn, off, not \"no\".")]
    [InlineData(
        "{ \"hangSeconds\": -1 }",
        1,
        18,
        "'hangSeconds' must be a number of seconds from 0, which waits for ever, to 1000000; not the number -1."
    )]
    [InlineData("{ \"folders\": [\"a\\u0000b\"] }", 1, 25, "a path in 'folders' holds the character 0, which no path has.")]
    [InlineData(
        "{ \"plugins\": { \"A\": { \"options\": { \"x\": {} } } } }",
        1,
        41,
        "option 'x' must be a number, a text, true, false, or a list of these, not an object."
    )]
    [InlineData(
        "{ \"defaults\": { \"method\": null } }",
        1,
        27,
        "'method' must be a text in quotes that is not empty, not null."
    )]
    [InlineData("{ \"defaults\": {}, \"defaults\": {} }", 1, 19, "the key 'defaults' stands twice in the file.")]
    [InlineData("[]", 1, 1, "the file must be an object { … }, not a list.")]
    public void Whatever_is_wrong_is_named_with_its_place(string json, int line, int position, string message)
    {
        var read = () => Read(json);
        read.Should().Throw<SettingsException>().WithMessage($"{_file}, line {line}, position {position}: {message}");
    }

    [Theory]
    [InlineData("{\n  \"folders\": [\n}", 3)]
    [InlineData("", 1)]
    [InlineData("{} {}", 1)]
    [InlineData("{ folders: [] }", 1)]
    public void What_is_no_json_is_refused_with_its_line(string json, int line)
    {
        var read = () => Read(json);
        read.Should().Throw<SettingsException>().WithMessage($"{_file}, line {line}, position *: not valid JSON: *");
    }

    [Fact]
    public void A_file_that_was_named_must_be_there()
    {
        var read = () => HostSettings.Load(_file);
        read.Should().Throw<SettingsException>().WithMessage($"{_file} cannot be read: *");
    }

    private HostSettings Read(string json)
    {
        File.WriteAllText(_file, json);
        return HostSettings.Load(_file);
    }
}
