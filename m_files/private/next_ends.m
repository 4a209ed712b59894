function ends = next_ends(w, start, left, shape, alike, upto)
  % The cumulative whole-number weights of the positions from START on where the next nonzero of
  % a neuron may be, at most UPTO of them.  LEFT nonzeros are to come, the next among them; ALIKE
  % neurons' first ones are known to come in order.
  most = numel(w) - 1;
  ahead = cumsum(w(most:-1:start));
  count = numel(ahead);
  last = count - left + 1;  % room for the others
  shown = min(last, upto);
  chance = min(shape.rate * (left + shape.extra) * w(start:start + shown - 1) ./ ...
               ahead(count:-1:count - shown + 1), shape.most);
  if shown == last
    chance(end) = 1;
  end
  missed = cumprod(1 - chance);
  if alike > 1
    base = missed;
    missed = ones(size(base));
    while alike > 0
      if mod(alike, 2) == 1
        missed = missed .* base;
      end
      base = base .* base;
      alike = floor(alike / 2);
    end
  end
  ends = floor((1 - missed) * 1048576) + (1:shown);
end
