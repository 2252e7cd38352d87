using Tokenwright.Models;
using Tokenwright.Tests.Plugins.Drafting;

namespace Tokenwright.Tests.Plugins.JsonSchema;

/// <summary>
/// The JSON prompts of the shared sets, each with a schema of what it asks for. Hosts of e-mail addresses have a dot: one label is
/// right by RFC 5321, and JsonSchema.Net refuses it.
/// </summary>
internal static class PromptSchemas
{
    private const string Customer =
        """{"type":"object","properties":{"id":{"type":"integer","minimum":1,"maximum":9999},"name":{"type":"string","minLength":2,"maxLength":24},"age":{"type":"integer","minimum":0,"maximum":130},"email":{"type":"string","format":"email","pattern":"@[a-z0-9]+\\.[a-z]{2,6}$","maxLength":32},"active":{"type":"boolean"}},"required":["id","name"],"additionalProperties":false}""";

    private const string Product =
        """{"type":"object","properties":{"sku":{"type":"string","pattern":"^[A-Z]{3}-[0-9]{3}$"},"title":{"type":"string","minLength":3,"maxLength":30},"price":{"type":"number","exclusiveMinimum":0,"maximum":10000},"currency":{"enum":["USD","EUR","GBP"]},"tags":{"type":"array","items":{"type":"string","minLength":1,"maxLength":12},"maxItems":4,"uniqueItems":true},"inStock":{"type":"boolean"}},"required":["sku","title","price"],"dependentRequired":{"price":["currency"]},"additionalProperties":false}""";

    private const string Order =
        """{"type":"object","properties":{"orderId":{"type":"integer","minimum":10000,"maximum":99999},"customer":"""
        + Customer
        + ""","items":{"type":"array","items":{"type":"object","properties":{"product":{"type":"string","maxLength":20},"quantity":{"type":"integer","minimum":1,"maximum":99},"price":{"type":"number","minimum":0,"maximum":1000,"multipleOf":0.01}},"required":["product","quantity"],"additionalProperties":false},"minItems":1,"maxItems":2},"paid":{"type":"boolean"}},"required":["orderId","items"],"additionalProperties":false}""";

    private const string Weather =
        """{"type":"object","properties":{"date":{"type":"string","format":"date"},"city":{"type":"string","minLength":2,"maxLength":16},"temperature":{"type":"number","minimum":-60,"maximum":60},"unit":{"const":"celsius"},"conditions":{"enum":["sun","rain","snow","cloudy","fog"]},"wind":{"type":"object","properties":{"speed":{"type":"integer","minimum":0,"maximum":200},"direction":{"type":"string","pattern":"^[NS]?[EW]?$","minLength":1}},"required":["speed"],"additionalProperties":false}},"required":["date","city"],"if":{"properties":{"conditions":{"const":"snow"}},"required":["conditions"]},"then":{"properties":{"temperature":{"maximum":5}}},"minProperties":4,"additionalProperties":false}""";

    // In the order of the chat prompts: a book, a recipe, a weather report and so on.
    private static readonly string[] OfChat =
    [
        """{"type":"object","properties":{"title":{"type":"string","minLength":1,"maxLength":40},"author":{"type":"string","maxLength":30},"year":{"type":"integer","minimum":1000,"maximum":2100},"tags":{"type":"array","items":{"type":"string","minLength":1,"maxLength":16},"minItems":3,"maxItems":3,"uniqueItems":true}},"required":["title","author","year","tags"],"additionalProperties":false}""",
        """{"type":"object","properties":{"name":{"type":"string","maxLength":40},"ingredients":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string","maxLength":20},"amount":{"type":"string","maxLength":12}},"required":["name","amount"],"additionalProperties":false},"minItems":1,"maxItems":4},"steps":{"type":"array","items":{"type":"string","maxLength":60},"minItems":1,"maxItems":3}},"required":["name","ingredients","steps"],"additionalProperties":false}""",
        """{"type":"object","properties":{"city":{"type":"string","maxLength":20},"days":{"type":"array","items":{"type":"object","properties":{"date":{"type":"string","format":"date"},"high":{"type":"integer","minimum":-50,"maximum":60},"low":{"type":"integer","minimum":-50,"maximum":60},"sky":{"enum":["sunny","cloudy","rain","snow"]}},"required":["date","high","low","sky"],"additionalProperties":false},"minItems":3,"maxItems":3}},"required":["city","days"],"additionalProperties":false}""",
        """{"type":"object","properties":{"name":{"type":"string","maxLength":30},"email":{"type":"string","format":"email","pattern":"@[a-z0-9]+\\.[a-z]{2,6}$","maxLength":40},"address":{"type":"object","properties":{"street":{"type":"string","maxLength":30},"city":{"type":"string","maxLength":20},"zip":{"type":"string","pattern":"^[0-9]{5}(-[0-9]{4})?$"}},"required":["street","city","zip"],"additionalProperties":false},"phones":{"type":"array","items":{"type":"string","pattern":"^[0-9]{3}-[0-9]{3}-[0-9]{4}$"},"minItems":1,"maxItems":2}},"required":["name","email","address","phones"],"additionalProperties":false}""",
        """{"type":"object","properties":{"number":{"type":"string","pattern":"^INV-[0-9]{4}$"},"items":{"type":"array","items":{"$ref":"#/$defs/item"},"minItems":2,"maxItems":2},"total":{"type":"number","minimum":0,"maximum":100000,"multipleOf":0.01}},"required":["number","items","total"],"additionalProperties":false,"$defs":{"item":{"type":"object","properties":{"description":{"type":"string","maxLength":30},"quantity":{"type":"integer","minimum":1,"maximum":99},"price":{"type":"number","minimum":0,"maximum":9999}},"required":["description","quantity","price"],"additionalProperties":false}}}""",
        """{"type":"object","properties":{"countries":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string","maxLength":24},"capital":{"type":"string","maxLength":24},"population":{"type":"integer","minimum":1000,"maximum":2000000000}},"required":["name","capital","population"],"additionalProperties":false},"minItems":4,"maxItems":4}},"required":["countries"],"additionalProperties":false}""",
        """{"type":"object","properties":{"name":{"type":"string","maxLength":24},"songs":{"type":"array","items":{"type":"object","properties":{"title":{"type":"string","maxLength":30},"artist":{"type":"string","maxLength":24},"seconds":{"type":"integer","minimum":1,"maximum":3600}},"required":["title","artist"],"additionalProperties":false},"minItems":2,"maxItems":5}},"required":["name","songs"],"additionalProperties":false}""",
        """{"type":"object","properties":{"title":{"type":"string","maxLength":40},"start":{"type":"string","format":"date-time","maxLength":25},"attendees":{"type":"array","items":{"anyOf":[{"type":"string","format":"email","pattern":"@[a-z0-9]+\\.[a-z]{2,6}$","maxLength":32},{"type":"object","properties":{"name":{"type":"string","maxLength":24},"status":{"enum":["yes","no","maybe"]}},"required":["name","status"],"additionalProperties":false}]},"minItems":1,"maxItems":3}},"required":["title","start","attendees"],"additionalProperties":false}""",
        """{"type":"object","properties":{"products":{"type":"array","items":{"type":"object","properties":{"id":{"type":"integer","minimum":1,"maximum":999},"name":{"type":"string","maxLength":24},"price":{"type":"number","exclusiveMinimum":0,"maximum":5000},"stock":{"oneOf":[{"type":"integer","minimum":0,"maximum":500},{"const":"unlimited"}]}},"required":["id","name","price"],"additionalProperties":false},"minItems":3,"maxItems":3}},"required":["products"],"additionalProperties":false}""",
        """{"type":"object","properties":{"guest":{"type":"string","maxLength":24},"room":{"enum":["single","double","suite"]},"arrival":{"type":"string","format":"date"},"nights":{"type":"integer","minimum":1,"maximum":30},"breakfast":{"type":"boolean"},"card":{"type":"string","pattern":"^[0-9]{4}$"}},"required":["guest","room","arrival","nights"],"if":{"properties":{"room":{"const":"suite"}}},"then":{"required":["card"]},"additionalProperties":false}""",
        """{"type":"object","properties":{"question":{"type":"string","minLength":5,"maxLength":80},"choices":{"type":"array","items":{"type":"string","minLength":1,"maxLength":30},"minItems":4,"maxItems":4,"uniqueItems":true},"answer":{"enum":["A","B","C","D"]}},"required":["question","choices","answer"],"additionalProperties":false}""",
        """{"type":"object","properties":{"sensor":{"type":"string","format":"uuid"},"time":{"type":"string","format":"time","maxLength":14},"value":{"type":"number","minimum":-1000,"maximum":1000},"unit":{"enum":["°C","%","hPa"]}},"required":["sensor","time","value","unit"],"additionalProperties":false}""",
        """{"type":"object","properties":{"trips":{"type":"array","items":{"type":"object","properties":{"from":{"type":"string","maxLength":20},"to":{"type":"string","maxLength":20},"departure":{"type":"string","pattern":"^([01][0-9]|2[0-3]):[0-5][0-9]$"},"arrival":{"type":"string","pattern":"^([01][0-9]|2[0-3]):[0-5][0-9]$"}},"required":["from","to","departure","arrival"],"additionalProperties":false},"minItems":3,"maxItems":3}},"required":["trips"],"additionalProperties":false}""",
        """{"type":"object","properties":{"name":{"type":"string","maxLength":20},"species":{"enum":["dog","cat","bird"]},"age":{"type":["integer","null"],"minimum":0,"maximum":40},"owner":{"type":"object","properties":{"name":{"type":"string","maxLength":24},"phone":{"type":"string","pattern":"^\\+?[0-9]{7,12}$"}},"required":["name"],"patternProperties":{"^x-":{"type":"string","maxLength":10}},"maxProperties":3,"additionalProperties":false}},"required":["name","species","owner"],"additionalProperties":false}""",
        """{"type":"object","properties":{"tasks":{"type":"array","items":{"type":"object","properties":{"text":{"type":"string","maxLength":40},"priority":{"type":"integer","enum":[1,2,3]},"done":{"type":"boolean"}},"required":["text","priority","done"],"additionalProperties":false},"contains":{"properties":{"priority":{"const":1}}},"minItems":2,"maxItems":4}},"required":["tasks"],"additionalProperties":false}""",
        """{"type":"object","properties":{"title":{"type":"string","maxLength":40},"year":{"type":"integer","minimum":1900,"maximum":2030},"cast":{"type":"object","additionalProperties":{"type":"string","maxLength":24},"propertyNames":{"pattern":"^[A-Z][a-z]+( [A-Z][a-z]+)?$","maxLength":24},"minProperties":1,"maxProperties":4},"rating":{"type":"number","minimum":0,"maximum":10,"multipleOf":0.1}},"required":["title","year","cast"],"additionalProperties":false}""",
    ];

    /// <summary>Two beginnings of documents, for where the shared sets are absent or take too long.</summary>
    public static (int[] Prompt, string Schema)[] Few(LanguageModel model) =>
        [
            .. new[] { "{\"date\": \"2012-08-", "{\"id\": 3623, \"name\": \"A" }.Select(text =>
                (model.Tokenizer!.Encode(text).ToArray(), OfReference(text))
            ),
        ];

    /// <summary>The prompts of the reference target.</summary>
    public static (int[] Prompt, string Schema)[] Reference(LanguageModel model) =>
        [.. Prompts.Reference("json").Select(ids => (ids, OfReference(model.Tokenizer!.Decode(ids))))];

    /// <summary>The chat prompts as a model's template writes them.</summary>
    public static (int[] Prompt, string Schema)[] Chat(LanguageModel model) => [.. Prompts.Chat(model, "json").Zip(OfChat)];

    // They begin documents of four kinds, some in an array.
    private static string OfReference(string prompt)
    {
        string schema =
            prompt.Contains("orderId", StringComparison.Ordinal) ? Order
            : prompt.Contains("sku", StringComparison.Ordinal) ? Product
            : prompt.Contains("date", StringComparison.Ordinal) ? Weather
            : Customer;
        return prompt.StartsWith('[') ? $$"""{"type":"array","items":{{schema}},"minItems":1,"maxItems":2}""" : schema;
    }
}
