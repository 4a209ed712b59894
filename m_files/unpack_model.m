% -*- texinfo -*-
% @deftypefn {} {@var{model} =} unpack_model (@var{packed})
% Return the model in the bytes that @code{pack_model} made, a vector of uint8.
%
% The model has the field @code{layers}.  Layers whose weights have few distinct values come back
% with @code{codes} and a @code{codebook}.  A layer that had a mask has one: it is true where a
% weight is not zero, so a connection that was allowed and zero is pruned afterwards.
%
% Damaged bytes, those of a newer version and other files raise an error with the identifier
% @code{octave_compress:file}.  Memory is bounded: by 2^20 weights and 256 more for every byte.
%
% @example
% @group
% load ("model.mat");
% model = unpack_model (packed);
% @end group
% @end example
% @seealso{pack_model, rans_decode}
% @end deftypefn

function model = unpack_model(packed)
  if nargin ~= 1
    print_usage();
  end
  op = 'unpack_model';
  packed = check_bytes(op, 'PACKED', packed);
  source = opened(op, packed);
  try
    model = struct('layers', {read_layers(op, source)});
  catch problem
    if ~strcmp(problem.identifier, 'octave_compress:file')
      % Whatever else stops the reader comes from the bytes too.
      file_error(op, ['is damaged (', problem.message, ')']);
    end
    rethrow(problem);
  end
end

function layers = read_layers(op, source)
  [layers, source, kind] = read_header(op, source);
  count = numel(layers);
  outputs = cellfun(@(layer) layer.shape(1), layers);
  arrays = cell(1, count);
  for k = 1:count
    [arrays{k}, source] = read_array(op, source, layers{k}.shape, kind);
  end
  [biases, source] = read_array(op, source, [1, sum(outputs)], kind);
  reader = source.reader;
  if reader.at < numel(reader.data) || reader.code >= reader.width || ...
      any(source.bulk(source.at + 1:end))
    file_error(op, 'is damaged (bytes are left at its end)');
  end
  ends = cumsum(outputs);
  for k = 1:count
    array = arrays{k};
    layer = struct('type', 'dense', 'weights', array.values);
    layer.bias = biases.values(ends(k) - outputs(k) + 1:ends(k)).';
    layer.activation = layers{k}.activation;
    if ~all(isfinite(layer.weights(:))) || ~all(isfinite(layer.bias))
      file_error(op, 'is damaged (a weight is not finite)');
    end
    if layers{k}.has_mask
      layer.mask = layer.weights ~= 0;
    end
    if isfield(array, 'codes')
      layer.codes = array.codes;
      layer.codebook = array.codebook;
      layer.bits = bits_for(numel(array.codebook));
      layer.scheme = 'codebook';
    end
    if isfield(layers{k}, 'input_scale')
      layer.input_scale = layers{k}.input_scale;
      layer.input_zero_point = layers{k}.input_zero_point;
      layer.input_bits = layers{k}.input_bits;
    end
    layers{k} = layer;
  end
end

function source = opened(op, packed)
  if numel(packed) < 9 || ~strcmp(char(packed(1:3)), 'OCZ')
    file_error(op, 'is not a packed model');
  elseif packed(4) ~= 1
    file_error(op, sprintf('has version %d, this package reads 1', packed(4)));
  end
  rest = packed(9:end);
  if ~isequal(md5_start(rest), packed(5:8))
    file_error(op, 'is damaged (its checksum is wrong)');
  end
  [bulk, at] = read_varint(op, rest, 0);
  if bulk > numel(rest) - at
    file_error(op, 'is damaged (it ends too early)');
  end
  source = struct('reader', range_reader(rest(at + 1:end - bulk)), ...
                  'bulk', rest(end - bulk + 1:end), 'at', 0, ...
                  'symbols', min(4 * numel(packed), 32768) + 64, ...
                  'elements', 2^20 + 256 * numel(packed));
end

function [layers, source, kind] = read_header(op, source)
  reader = source.reader;
  [is_double, reader] = read_flat(op, reader, 1, 2);
  kind = 'single';
  if is_double
    kind = 'double';
  end
  [numbers, reader, contexts] = read_wholes(op, reader, 2, whole_contexts());
  count = numbers(1) + 1;
  inputs = numbers(2);
  source.symbols = source.symbols - count;
  if source.symbols < 0
    file_error(op, 'is damaged (more symbols than bytes can hold)');
  end
  names = {'linear', 'relu', 'sigmoid', 'tanh', 'softmax'};
  layers = cell(1, count);
  for k = 1:count
    [numbers, reader, contexts] = read_wholes(op, reader, 2, contexts);
    outputs = numbers(1);
    source.elements = source.elements - outputs * (inputs + 1);
    if source.elements < 0
      file_error(op, 'is damaged (more weights than bytes can hold)');
    end
    layer = struct('shape', [outputs, inputs]);
    layer.activation = names{mod(numbers(2) + (k < count), 5) + 1};
    [flags, reader] = read_flat(op, reader, 2, 2);
    layer.has_mask = flags(1) == 1;
    if flags(2) == 1
      [bytes, reader] = read_flat(op, reader, 16, 256);
      values = from_little(uint8(bytes), 'double');
      [bits, reader, contexts] = read_wholes(op, reader, 1, contexts);
      if ~(values(1) > 0 && all(isfinite(values)) && bits >= 1 && bits <= 64)
        file_error(op, 'is damaged (a wrong range of inputs)');
      end
      layer.input_scale = values(1);
      layer.input_zero_point = values(2);
      layer.input_bits = bits;
    end
    layers{k} = layer;
    inputs = outputs;
  end
  source.reader = reader;
end

%!test
%! model = struct('W', {{single([1, 0.5]), single(3)}}, 'activation', {{'tanh', 'softmax'}});
%! model.b = {single(0.1), single(0)};
%! back = unpack_model(pack_model(model));
%! assert(back.layers{1}.weights, single([1, 0.5]));
%! assert(back.layers{1}.bias, single(0.1));
%! assert(back.layers{1}.codebook, single([0.5, 1]));
%! assert(back.layers{2}.activation, 'softmax');
%!test
%! packed = pack_model(struct('W', [1, 2, 3]));
%! for k = 1:numel(packed)
%!   broken = packed;
%!   broken(k) = bitxor(broken(k), 1);
%!   error_id = '';
%!   try
%!     unpack_model(broken);
%!   catch problem
%!     error_id = problem.identifier;
%!   end
%!   assert(error_id, 'octave_compress:file');
%! end
%!error <PACKED is not a packed model> unpack_model(uint8('no model, but bytes'))
%!error <PACKED must be a vector of uint8> unpack_model([79, 67, 90])
%!error <Invalid call> unpack_model()
