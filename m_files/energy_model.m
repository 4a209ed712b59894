% -*- texinfo -*-
% @deftypefn  {} {@var{energy} =} energy_model (@var{model})
% @deftypefnx {} {@var{energy} =} energy_model (@var{model}, "memory", @var{memory})
% Return estimates of the energy of one prediction, with the constants that they use.
%
% @var{energy} has the fields
%
% @table @code
% @item proportional
% The edge article's model: parameters times 1e-6, in no unit.
% @item total_pj
% Picojoules of one sample by physical constants (45 nm; Horowitz 2014, Han 2016): the sum of
% @code{compute_pj}, @code{weights_pj} and @code{activations_pj}.
% @item compute_pj
% Multiplications with addition, times @code{mac_pj}.
% @item weights_pj
% Every weight fetched once, times @code{memory_pj} for 32 bits.
% @item activations_pj
% Every value that enters a layer, read from on-chip memory at @code{activation_pj} for 32 bits.
% @item format
% Which of @code{"dense"}, @code{"packed"} and @code{"sparse"} (see @code{count_model}) has the
% fewest bytes.  That is what is fetched; only @code{"sparse"} skips the zeros.
% @end table
%
% @var{memory} is where the weights are: @qcode{"dram"} (default) or @qcode{"sram"}.  Energy for
% decoding them is not counted.  Floats of 64 bits are counted with the arithmetic of 32.
%
% @example
% @group
% energy = energy_model (struct ("W", @{@{single ([1, 2])@}@}));
% energy.compute_pj
%    @result{} 9.2000
% @end group
% @end example
% @seealso{count_model}
% @end deftypefn

function energy = energy_model(model, varargin)
  if nargin < 1
    print_usage();
  end
  op = 'energy_model';
  options = parse_options(op, struct('memory', 'dram'), varargin);
  check_choice(op, 'MEMORY', options.memory, {'dram', 'sram'});
  layers = model_layers(op, 'MODEL', model);
  counts = count_model(model);
  names = {'dense', 'packed', 'sparse'};
  [bytes, smallest] = min([counts.bytes_dense, counts.bytes_packed, counts.bytes_sparse]);
  energy.format = names{smallest};
  energy.proportional = counts.parameters * 1e-6;
  % Adding is 32 bits wide in both cases; 8-bit products cost what their multiplier costs.
  is_whole = all(cellfun(@(layer) all(isfield(layer, {'codes', 'scale', 'input_scale'})) && ...
                         layer.bits <= 8, layers));
  energy.mac_pj = 3.7 + 0.9;
  if is_whole
    energy.mac_pj = 0.2 + 0.1;
  end
  energy.memory_pj = 640;
  if strcmp(options.memory, 'sram')
    energy.memory_pj = 5;
  end
  energy.activation_pj = 5;
  macs = counts.macs;
  if strcmp(energy.format, 'sparse')
    macs = counts.macs_nonzero;
  end
  words = sum(cellfun(@input_words, layers));
  energy.compute_pj = macs * energy.mac_pj;
  energy.weights_pj = bytes / 4 * energy.memory_pj;
  energy.activations_pj = words * energy.activation_pj;
  energy.total_pj = energy.compute_pj + energy.weights_pj + energy.activations_pj;
end

function words = input_words(layer)
  % 32-bit words that enter a layer for one sample.
  bits = 8 * sizeof(cast(0, class(layer.weights)));
  if isfield(layer, 'input_bits')
    bits = layer.input_bits;
  end
  words = columns(layer.weights) * bits / 32;
end

%!test
%! energy = energy_model(struct('W', {{single([1, 2])}}));
%! assert(energy.proportional, 3e-6, eps);
%! assert(energy.compute_pj, 2 * 4.6, 1e-12);
%! assert(energy.weights_pj, 3 * 640);
%! assert(energy.activations_pj, 2 * 5);
%! assert(energy.format, 'dense');
%!test
%! model.W = {single(eye(100))};
%! energy = energy_model(model, 'memory', 'sram');
%! assert(energy.format, 'sparse');
%! assert(energy.compute_pj, 100 * 4.6, 1e-9);
%! assert(energy.weights_pj, (100 * 4 + 100 + 100 + 400) / 4 * 5);
%!error <MEMORY must be "dram" or "sram", got "flash"> ...
%! energy_model(struct('W', {{1}}), 'memory', 'flash')
